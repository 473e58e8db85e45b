#pragma once

#include <string>
#include <string_view>

namespace omnibus::schema::detail {

/// Puts ".name" before a path, or ["name"] when it is no plain word.
void prepend_field(std::string& path, std::string_view name);
/// Puts "[index]" before a path.
void prepend_item(std::string& path, std::size_t index);

}  // namespace omnibus::schema::detail
