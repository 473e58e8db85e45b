#pragma once

/// What the two services read from their flags.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include <omnibus/settings.hpp>

namespace omnibus::triples {

/// Adds `--triples-store`.
Flags store_flag(Flags flags);
std::filesystem::path store_file(const Settings& settings);

/// The flag's value. Errors: ConfigError when it is below `least`, or no int.
int at_least(const Settings& settings, std::string_view flag, std::int64_t least);

}  // namespace omnibus::triples
