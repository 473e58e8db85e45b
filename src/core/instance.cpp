#include "core/instance.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.hpp"

namespace omnibus::detail {
namespace {

constexpr int most_slots = 1024;

/// Names reach brokers and file systems: only letters, digits, '.', '_' and '-' pass.
std::string plain(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                 c == '_' || c == '-');
      },
      '-');
  return std::string(text::prefix(text, 48));
}

std::string host_and_program() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') host = {'h', 'o', 's', 't'};
  const char* program = program_invocation_short_name;
  return plain(host.data()) + "-" + plain(program != nullptr ? program : "program");
}

std::filesystem::path state_directory() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::filesystem::path(state) / "omnibus";
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') return {};
  return std::filesystem::path(home) / ".local/state/omnibus";
}

/// Makes the folder of the slots, private to its owner: the state directory holds messages. False: there is
/// none.
bool make_slots(const std::filesystem::path& state) {
  if (state.empty()) return false;
  std::error_code failed;
  std::filesystem::create_directories(state.parent_path(), failed);
  ::mkdir(state.c_str(), S_IRWXU);
  ::mkdir((state / "instances").c_str(), S_IRWXU);
  return std::filesystem::is_directory(state / "instances", failed);
}

}  // namespace

Instance::Instance() {
  const std::string base = host_and_program();
  const auto directory = state_directory();
  const bool usable = make_slots(directory);
  for (int slot = 0; usable && slot < most_slots; ++slot) {
    name_ = base + "-" + std::to_string(slot);
    const auto path = directory / "instances" / name_;
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) break;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
      file_ = file;
      return;
    }
    ::close(file);
  }
  name_ = base + "-" + text::uuid();
}

Instance::~Instance() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace omnibus::detail
