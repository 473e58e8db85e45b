#include <cstdlib>
#include <omnibus/settings.hpp>

namespace omnibus {

std::string state_directory() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/omnibus";
  const char* home = std::getenv("HOME");
  return (home != nullptr && *home != '\0' ? std::string(home) : std::string("/tmp")) +
         "/.local/state/omnibus";
}

}  // namespace omnibus
