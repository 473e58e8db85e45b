/// Where packets begin and end. Source: MQTT 5.0 section 2.1.

#include "backends/mqtt/packet.hpp"
#include "backends/mqtt/packet_cursor.hpp"

namespace omnibus::mqtt {

std::string_view to_string(Version version) noexcept { return version == Version::v5 ? "5" : "3.1.1"; }

std::string_view to_string(Type type) noexcept {
  switch (type) {
    case Type::connect:
      return "CONNECT";
    case Type::connack:
      return "CONNACK";
    case Type::publish:
      return "PUBLISH";
    case Type::puback:
      return "PUBACK";
    case Type::pubrec:
      return "PUBREC";
    case Type::pubrel:
      return "PUBREL";
    case Type::pubcomp:
      return "PUBCOMP";
    case Type::subscribe:
      return "SUBSCRIBE";
    case Type::suback:
      return "SUBACK";
    case Type::unsubscribe:
      return "UNSUBSCRIBE";
    case Type::unsuback:
      return "UNSUBACK";
    case Type::pingreq:
      return "PINGREQ";
    case Type::pingresp:
      return "PINGRESP";
    case Type::disconnect:
      return "DISCONNECT";
    case Type::auth:
      return "AUTH";
  }
  return "packet of the reserved type 0";
}

void check_head(std::uint8_t head) {
  const Type type = type_of(head);
  const unsigned flags = head & 0x0fu;
  if (type == Type{}) malformed(type, "there is no such packet; is this the port of an MQTT broker?");
  if (type == Type::publish) {
    // [MQTT-3.3.1-4] [MQTT-3.3.1-2]
    if ((flags & 0x6u) == 0x6u) malformed(type, "its QoS is 3");
    if ((flags & 0xeu) == 0x8u) malformed(type, "it has QoS 0 and is sent again");
    return;
  }
  const bool with_reply = type == Type::pubrel || type == Type::subscribe || type == Type::unsubscribe;
  // [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  if (flags != (with_reply ? 2u : 0u))
    malformed(type,
              "its reserved flags are " + std::to_string(flags) + "; is this the port of an MQTT broker?");
}

std::optional<Frame> first_frame(std::string_view bytes, std::size_t most) {
  if (bytes.empty()) return std::nullopt;
  const auto head = static_cast<std::uint8_t>(bytes[0]);
  check_head(head);
  std::size_t length = 0;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const auto next = static_cast<std::uint8_t>(bytes[at]);
    length |= static_cast<std::size_t>(next & 0x7fu) << (7 * (at - 1));
    if (next >= 0x80) {
      if (at == 4) malformed(type_of(head), "its remaining length has more than four bytes");
      continue;
    }
    const std::size_t begin = at + 1;
    const std::size_t size = begin + length;
    if (size > most)
      violated(
          type_of(head),
          "it has " + std::to_string(size) + " bytes, more than the " + std::to_string(most) + " allowed",
          Reason::packet_too_large);
    if (bytes.size() < size) return std::nullopt;
    return Frame{head, bytes.substr(begin, length), size};
  }
  return std::nullopt;
}

}  // namespace omnibus::mqtt
