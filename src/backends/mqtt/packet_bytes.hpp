#pragma once

/// Appends fields, and checks what is appended. Internal to the codec. Threads: pure functions.

#include <string>
#include <string_view>

#include "backends/mqtt/packet.hpp"

namespace omnibus::mqtt {

inline void append_u8(std::string& out, std::size_t value) { out.push_back(static_cast<char>(value)); }
inline void append_u16(std::string& out, std::size_t value) {
  const char bytes[2] = {static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(bytes, sizeof bytes);
}
inline void append_varint(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7) append_u8(out, (value & 0x7f) | 0x80);
  append_u8(out, value);
}
/// A text or binary data, its length before it.
inline void append_text(std::string& out, std::string_view text) {
  append_u16(out, text.size());
  out.append(text);
}

/// Error{internal}: no packet may hold it. `what` goes on from the packet's name.
[[noreturn]] void unwritable(Type type, const std::string& what);
/// Error{too_large}.
[[noreturn]] void too_large(Type type, const std::string& what, std::size_t size, std::size_t most);

/// Errors: those two.
void check_length(Type type, std::string_view bytes, const char* field);
void check_text(Type type, std::string_view text, const char* field);
void check_topic(Type type, std::string_view text, const char* field);

}  // namespace omnibus::mqtt
