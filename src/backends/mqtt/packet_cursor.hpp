#pragma once

/// Reads a packet's fields from front to back. Internal to the codec. Threads: plain values.

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/mqtt/packet.hpp"

namespace omnibus::mqtt {

/// The largest Variable Byte Integer, and so the largest Remaining Length. Source: MQTT 5.0 section 1.5.5.
inline constexpr std::size_t largest_varint = 268'435'455;
/// The longest text or binary data. Source: MQTT 5.0 sections 1.5.4 and 1.5.6.
inline constexpr std::size_t longest_text = 65'535;

constexpr std::size_t varint_size(std::size_t value) noexcept {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20'0000 ? 3 : 4;
}

constexpr Type type_of(std::uint8_t head) noexcept { return static_cast<Type>(head >> 4); }

/// UTF-8 as packets hold it: well-formed, without surrogates and U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2].
bool is_text(std::string_view text) noexcept;
bool has_wildcard(std::string_view text) noexcept;

/// The bytes are no packet of this type: reason code 0x81.
[[noreturn]] void malformed(Type type, const std::string& what);
/// They are one that must not be sent: reason code 0x82, or a closer one.
[[noreturn]] void violated(Type type, const std::string& what, Reason reason = Reason::protocol_error);

/// A packet's first byte: its type is known, its flags are those of the type. Errors: ProtocolError.
void check_head(std::uint8_t head);

/// Each call names the field for the error that it throws when the field is cut off or malformed.
class Cursor {
 public:
  Cursor(Type type, std::string_view bytes) noexcept : type_(type), left_(bytes) {}

  Type type() const noexcept { return type_; }
  bool empty() const noexcept { return left_.empty(); }
  std::size_t size() const noexcept { return left_.size(); }

  std::string_view take(std::size_t count, const char* field) {
    if (count > left_.size()) cut(field);
    const auto part = left_.substr(0, count);
    left_.remove_prefix(count);
    return part;
  }
  std::string_view rest() noexcept { return std::exchange(left_, {}); }
  std::uint8_t u8(const char* field) { return byte(take(1, field), 0); }
  std::uint16_t u16(const char* field) {
    const auto part = take(2, field);
    return static_cast<std::uint16_t>(byte(part, 0) << 8 | byte(part, 1));
  }
  std::uint32_t u32(const char* field) {
    const std::uint32_t high = u16(field);
    return high << 16 | u16(field);
  }
  /// A packet identifier [MQTT-2.2.1-2] [MQTT-2.2.1-3] [MQTT-2.2.1-4].
  std::uint16_t id();
  std::uint32_t varint(const char* field);
  /// With its length of two bytes before it.
  std::string_view binary(const char* field) { return take(u16(field), field); }
  std::string_view text(const char* field);
  /// A text that is a topic name [MQTT-4.7.0-1] [MQTT-4.7.3-1].
  std::string_view topic(const char* field);
  /// Errors: bytes are left.
  void end() const;

 private:
  static std::uint8_t byte(std::string_view part, std::size_t at) noexcept {
    return static_cast<std::uint8_t>(part[at]);
  }
  [[noreturn]] void cut(const char* field) const;

  Type type_;
  std::string_view left_;
};

}  // namespace omnibus::mqtt
