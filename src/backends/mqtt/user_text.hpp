#pragma once

#include <string>
#include <string_view>

namespace omnibus::mqtt {

/// Whether a broker may refuse the text where MQTT wants a string: it may close the connection over control
/// characters and what Unicode calls noncharacters [MQTT-1.5.4, non-normative]. The text is well-formed
/// UTF-8.
bool is_unwelcome(std::string_view text) noexcept;

/// A user property whose key begins with this has key and value written %XX where they are not printable
/// ASCII.
inline constexpr std::string_view escaped_mark = "omnibus-%";

std::string escaped(std::string_view text);
/// One byte so.
std::string percent(char byte);
/// What is no escape stays as it is.
std::string unescaped(std::string_view text);

}  // namespace omnibus::mqtt
