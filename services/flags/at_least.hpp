#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <omnibus/settings.hpp>

namespace omnibus::flags {

/// The value of an integer flag that counts something. Errors: ConfigError when it is below `least`, or too
/// large for an int.
inline int at_least(std::int64_t least, const Settings& settings, std::string_view flag) {
  const auto value = settings.integer(flag);
  if (value < least || value > std::numeric_limits<int>::max()) {
    throw ConfigError("--" + std::string(flag) + " is " + std::to_string(value),
                      "give at least " + std::to_string(least));
  }
  return static_cast<int>(value);
}

}  // namespace omnibus::flags
