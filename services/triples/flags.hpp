#pragma once

/// What the two services read from their flags.

#include <filesystem>

#include <omnibus/settings.hpp>

namespace omnibus::triples {

/// Adds `--triples-store`.
Flags store_flag(Flags flags);
std::filesystem::path store_file(const Settings& settings);

}  // namespace omnibus::triples
