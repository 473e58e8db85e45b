#pragma once

#include <string_view>

#include <omnibus/properties.hpp>

namespace omnibus {

/// Keys with it belong to the library. Source: contract, "properties".
inline constexpr std::string_view reserved_prefix = "omnibus-";

/// The limits of `validate` without the ban of reserved keys, for what the library itself writes.
void validate_with_reserved(const Properties& properties);

}  // namespace omnibus
