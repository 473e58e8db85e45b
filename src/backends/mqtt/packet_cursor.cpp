#include "backends/mqtt/packet_cursor.hpp"

#include "core/text.hpp"

namespace omnibus::mqtt {
namespace {

[[noreturn]] void fail(std::string message, Reason reason) {
  throw ProtocolError(
      Error(ErrorCode::protocol, std::move(message),
            {.retryable = false, .backend = "mqtt", .native = std::string(to_string(reason)), .hint = {}}));
}

}  // namespace

void malformed(Type type, const std::string& what) {
  fail("malformed " + std::string(to_string(type)) + ": " + what, Reason::malformed_packet);
}

void violated(Type type, const std::string& what, Reason reason) {
  fail(std::string(to_string(type)) + " against the protocol: " + what, reason);
}

Reason reason_of(const Error& error) noexcept {
  for (const Reason reason : {Reason::malformed_packet, Reason::protocol_error, Reason::packet_too_large,
                              Reason::topic_alias_invalid, Reason::unsupported_version}) {
    if (error.native() == to_string(reason)) return reason;
  }
  return Reason::unspecified;
}

bool is_text(std::string_view text) noexcept {
  bool plain = true;
  for (const char c : text) plain &= static_cast<signed char>(c) > 0;
  return plain || (text.find('\0') == std::string_view::npos && text::is_utf8(text));
}

bool has_wildcard(std::string_view text) noexcept {
  return text.find_first_of("+#") != std::string_view::npos;
}

bool is_topic(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_text && !has_wildcard(text) && is_text(text);
}

void Cursor::cut(const char* field) const {
  malformed(type_, "it ends within its " + std::string(field) + ", " + std::to_string(left_.size()) +
                       " bytes before the end");
}

std::uint16_t Cursor::id() {
  const auto value = u16("packet identifier");
  if (value == 0) violated(type_, "its packet identifier is 0");
  return value;
}

std::uint32_t Cursor::varint(const char* field) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint32_t next = u8(field);
    value |= (next & 0x7f) << shift;
    if (next < 0x80) {
      // [MQTT-1.5.5-1]
      if (next == 0 && shift > 0)
        malformed(type_, "its " + std::string(field) + " has more bytes than needed");
      return value;
    }
  }
  malformed(type_, "its " + std::string(field) + " has more than four bytes");
}

std::string_view Cursor::text(const char* field) {
  const auto found = binary(field);
  if (!is_text(found)) malformed(type_, "its " + std::string(field) + " is not UTF-8 or holds U+0000");
  return found;
}

std::string_view Cursor::topic(const char* field) {
  const auto found = text(field);
  if (found.empty()) violated(type_, "its " + std::string(field) + " is empty");
  if (has_wildcard(found))
    malformed(type_, "its " + std::string(field) + " " + text::quoted(found) + " holds a wildcard");
  return found;
}

void Cursor::end() const {
  if (!left_.empty()) malformed(type_, std::to_string(left_.size()) + " bytes follow its end");
}

}  // namespace omnibus::mqtt
