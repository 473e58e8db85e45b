#pragma once

/// Small text helpers of core. Threads: any.

#include <cstdint>
#include <string>
#include <string_view>

namespace omnibus::text {

/// Well-formed UTF-8 without surrogates or overlong forms. Source: Unicode 15, table 3-7.
bool is_utf8(std::string_view text) noexcept;

/// Holds a byte below 0x20 or 0x7f.
bool has_control(std::string_view text) noexcept;

/// At most `limit` bytes from the start, never cutting a UTF-8 sequence.
std::string_view prefix(std::string_view text, std::size_t limit) noexcept;

/// Stable across processes and releases: FNV-1a with a final avalanche. Not for hostile keys.
std::uint64_t hash(std::string_view text) noexcept;
std::string hex16(std::uint64_t value);

/// A random UUID, version 4. Source: RFC 4122 section 4.4.
std::string uuid();

/// For error texts: in double quotes, control bytes escaped, at most 120 bytes.
std::string quoted(std::string_view text);

}  // namespace omnibus::text
