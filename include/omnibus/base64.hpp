#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::base64 {

/// Standard alphabet with padding. Source: RFC 4648 section 4.
std::string encode(std::string_view bytes);

/// Strict: padding required, no other characters, unused bits zero. Empty optional on anything else.
std::optional<std::string> decode(std::string_view text);

}  // namespace omnibus::base64
OMNIBUS_EXPORT_END
