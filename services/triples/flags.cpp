#include "services/triples/flags.hpp"

#include <limits>
#include <string>

#include <omnibus/error.hpp>

namespace omnibus::triples {

Flags store_flag(Flags flags) {
  return flags.text("triples-store", "file that keeps the triples", state_directory() + "/triples.sqlite",
                    "TRIPLES_STORE");
}

std::filesystem::path store_file(const Settings& settings) { return settings.text("triples-store"); }

int at_least(const Settings& settings, std::string_view flag, std::int64_t least) {
  const auto value = settings.integer(flag);
  if (value < least || value > std::numeric_limits<int>::max()) {
    throw ConfigError("--" + std::string(flag) + " is " + std::to_string(value),
                      "give at least " + std::to_string(least));
  }
  return static_cast<int>(value);
}

}  // namespace omnibus::triples
