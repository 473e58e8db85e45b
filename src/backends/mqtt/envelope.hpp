#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <omnibus/driver.hpp>

namespace omnibus::mqtt {

/// The user property of MQTT 5 that carries a message's key.
inline constexpr std::string_view key_property = "omnibus-key";

/// What 3.1.1 cannot carry beside the payload travels in it, behind a mark:
/// 00 "omnibus" 01, then of the key and of each property's key and value the size as 4 bytes, high first, and
/// the text; the count of properties stands before them likewise. The rest is the payload. So does, in either
/// version, a payload that bears the mark itself.
bool is_marked(std::string_view payload) noexcept;
std::string wrap(const driver::Outgoing& message);

struct Unwrapped {
  std::string key;
  Properties properties;
  std::string_view payload;  ///< within what was given
};
/// Nothing when it bears no mark, or is no envelope for all its mark: it is then a payload like any other.
std::optional<Unwrapped> unwrap(std::string_view bytes);

}  // namespace omnibus::mqtt
