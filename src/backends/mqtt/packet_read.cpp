/// Packets out of their bytes. Source: MQTT 5.0 and 3.1.1, chapter 3.

#include <array>

#include "backends/mqtt/packet_properties.hpp"
#include "backends/mqtt/packet_rules.hpp"
#include "core/text.hpp"

namespace omnibus::mqtt {
namespace {

void read_properties_of(Version version, Cursor& cursor, Place place, PacketProperties& properties) {
  if (version == Version::v5) read_properties(cursor, place, properties);
}

Reason read_reason(Cursor& cursor) {
  const auto reason = static_cast<Reason>(cursor.u8("reason code"));
  if (!may_hold(cursor.type(), reason))
    malformed(cursor.type(), "it cannot have the reason code " + std::to_string(static_cast<int>(reason)));
  return reason;
}

Version read_protocol(Cursor& cursor) {
  const auto name = cursor.text("protocol name");
  // [MQTT-3.1.2-1]
  if (name != "MQTT")
    violated(Type::connect, "its protocol name is " + text::quoted(name), Reason::unsupported_version);
  const unsigned level = cursor.u8("protocol version");
  // [MQTT-3.1.2-2]
  if (level != 4 && level != 5)
    violated(Type::connect, "its protocol version is " + std::to_string(level) + ", neither 4 nor 5",
             Reason::unsupported_version);
  return static_cast<Version>(level);
}

struct ConnectFlags {
  ConnectFlags(unsigned bits, Version version)
      : clean_start((bits & 0x02u) != 0),
        will((bits & 0x04u) != 0),
        will_qos(static_cast<std::uint8_t>(bits >> 3 & 3u)),
        will_retain((bits & 0x20u) != 0),
        password((bits & 0x40u) != 0),
        user((bits & 0x80u) != 0) {
    // [MQTT-3.1.2-3] [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]
    if ((bits & 0x01u) != 0) malformed(Type::connect, "its reserved flag is set");
    if (will_qos == 3) malformed(Type::connect, "the QoS of its will is 3");
    if (!will && (will_qos != 0 || will_retain))
      malformed(Type::connect, "it has flags of a will without one");
    // [MQTT-3.1.2-22] of 3.1.1
    if (version == Version::v311 && password && !user)
      malformed(Type::connect, "it has a password without a user name");
  }

  bool clean_start, will;
  std::uint8_t will_qos;
  bool will_retain, password, user;
};

Connect read_connect(Cursor cursor) {
  const Version version = read_protocol(cursor);
  const ConnectFlags flags(cursor.u8("flags"), version);
  Connect packet;
  packet.clean_start = flags.clean_start;
  packet.keep_alive = cursor.u16("keep alive");
  read_properties_of(version, cursor, in_connect, packet.properties);
  packet.client_id = cursor.text("client identifier");
  if (flags.will) {
    auto& will = packet.will.emplace();
    will.qos = flags.will_qos;
    will.retain = flags.will_retain;
    read_properties_of(version, cursor, in_will, will.properties);
    will.topic = cursor.topic("will topic");
    will.payload = cursor.binary("will payload");
  }
  if (flags.user) packet.user = cursor.text("user name");
  if (flags.password) packet.password = cursor.binary("password");
  cursor.end();
  return packet;
}

Connack read_connack(Cursor cursor, Version version) {
  Connack packet;
  const unsigned flags = cursor.u8("acknowledge flags");
  // [MQTT-3.2.2-1]
  if (flags > 1) malformed(Type::connack, "its reserved flags are set");
  packet.session_present = flags == 1;
  // In MQTT 5 a length of properties follows the reason.
  const bool short_refusal = cursor.size() == 1 && flags == 0;
  if (version == Version::v311 || short_refusal) {
    const unsigned code = cursor.u8("return code");
    if (code >= return_codes.size() || (code == 0 && version == Version::v5))
      malformed(Type::connack, "its return code of 3.1.1 is " + std::to_string(code));
    packet.reason = return_codes[code];
  } else {
    packet.reason = read_reason(cursor);
    read_properties(cursor, in_connack, packet.properties);
  }
  // [MQTT-3.2.2-6], [MQTT-3.2.2-4] of 3.1.1
  if (packet.session_present && packet.reason != Reason::success)
    violated(Type::connack, "it refuses and has a session");
  cursor.end();
  return packet;
}

Publish read_publish(Cursor cursor, Version version, unsigned flags) {
  Publish packet;
  packet.retain = (flags & 1u) != 0;
  packet.qos = static_cast<std::uint8_t>(flags >> 1 & 3u);
  packet.again = (flags & 8u) != 0;
  packet.topic = cursor.text("topic name");
  // [MQTT-3.3.2-2]
  if (has_wildcard(packet.topic))
    malformed(Type::publish, "its topic name " + text::quoted(packet.topic) + " holds a wildcard");
  if (packet.qos > 0) packet.id = cursor.id();
  read_properties_of(version, cursor, in_publish, packet.properties);
  if (packet.topic.empty() && !packet.properties.topic_alias)
    violated(Type::publish, "it has neither a topic name nor an alias");
  packet.payload = cursor.rest();
  return packet;
}

Ack read_ack(Cursor cursor, Version version) {
  Ack packet;
  packet.type = cursor.type();
  packet.id = cursor.id();
  // Both may be left out from the end. Source: MQTT 5.0 section 3.4.2.1.
  if (version == Version::v5 && !cursor.empty()) packet.reason = read_reason(cursor);
  if (version == Version::v5 && !cursor.empty()) read_properties(cursor, in_ack, packet.properties);
  cursor.end();
  return packet;
}

Subscribe::Filter read_filter(Cursor& cursor, Version version) {
  Subscribe::Filter filter;
  filter.filter = cursor.text("topic filter");
  // [MQTT-4.7.3-1]
  if (filter.filter.empty()) violated(Type::subscribe, "its topic filter is empty");
  const unsigned options = cursor.u8("subscription options");
  // [MQTT-3.8.3-5], [MQTT-3-8.3-4] of 3.1.1
  if ((options & (version == Version::v5 ? 0xc0u : 0xfcu)) != 0)
    malformed(Type::subscribe, "reserved bits of its options are set");
  filter.qos = static_cast<std::uint8_t>(options & 3u);
  filter.no_local = (options & 4u) != 0;
  filter.retain_as_published = (options & 8u) != 0;
  filter.retain_handling = static_cast<std::uint8_t>(options >> 4 & 3u);
  if (const auto* const wrong = fault_of(filter)) violated(Type::subscribe, wrong);
  return filter;
}

Subscribe read_subscribe(Cursor cursor, Version version) {
  Subscribe packet;
  packet.id = cursor.id();
  read_properties_of(version, cursor, in_subscribe, packet.properties);
  // [MQTT-3.8.3-2], [MQTT-3.8.3-3] of 3.1.1
  if (cursor.empty()) violated(Type::subscribe, "it has no topic filter");
  while (!cursor.empty()) packet.filters.push_back(read_filter(cursor, version));
  return packet;
}

Unsubscribe read_unsubscribe(Cursor cursor, Version version) {
  Unsubscribe packet;
  packet.id = cursor.id();
  read_properties_of(version, cursor, in_unsubscribe, packet.properties);
  // [MQTT-3.10.3-2]
  if (cursor.empty()) violated(Type::unsubscribe, "it has no topic filter");
  while (!cursor.empty()) {
    packet.filters.push_back(cursor.text("topic filter"));
    if (packet.filters.back().empty()) violated(Type::unsubscribe, "its topic filter is empty");
  }
  return packet;
}

Subscribed read_subscribed(Cursor cursor, Version version) {
  Subscribed packet;
  packet.type = cursor.type();
  packet.id = cursor.id();
  read_properties_of(version, cursor, in_subscribed, packet.properties);
  if (version == Version::v311 && packet.type == Type::unsuback) {
    cursor.end();
    return packet;
  }
  // One for each filter, of which there is one at least.
  if (cursor.empty()) malformed(packet.type, "it has no reason code");
  packet.reasons.reserve(cursor.size());
  while (!cursor.empty()) {
    const Reason reason = read_reason(cursor);
    // [MQTT-3.9.3-2] of 3.1.1
    if (version == Version::v311 && is_failure(reason) && reason != Reason::unspecified)
      malformed(packet.type, "its return code is " + std::to_string(static_cast<int>(reason)));
    packet.reasons.push_back(reason);
  }
  return packet;
}

Ping read_ping(const Cursor& cursor) {
  cursor.end();
  return {cursor.type()};
}

Disconnect read_disconnect(Cursor cursor, Version version) {
  Disconnect packet;
  // Both may be left out from the end. Source: MQTT 5.0 section 3.14.2.1.
  if (version == Version::v5 && !cursor.empty()) packet.reason = read_reason(cursor);
  if (version == Version::v5 && !cursor.empty()) read_properties(cursor, in_disconnect, packet.properties);
  cursor.end();
  return packet;
}

Auth read_auth(Cursor cursor, Version version) {
  Auth packet;
  if (version != Version::v5) malformed(Type::auth, "3.1.1 has no such packet");
  // Both may be left out together. Source: MQTT 5.0 section 3.15.2.1.
  if (cursor.empty()) return packet;
  packet.reason = read_reason(cursor);
  read_properties(cursor, in_auth, packet.properties);
  if (!packet.properties.authentication_method) violated(Type::auth, "it has no authentication method");
  cursor.end();
  return packet;
}

/// [MQTT-1.5.5-1]; 3.1.1 allows it.
void check_length(const Frame& frame, Version version) {
  const bool longer = frame.size > 1 + varint_size(frame.body.size()) + frame.body.size();
  if (longer && version == Version::v5)
    malformed(type_of(frame.head), "its remaining length has more bytes than needed");
}

}  // namespace

Version connect_version(const Frame& frame) {
  const Type type = type_of(frame.head);
  // [MQTT-3.1.0-1]
  if (type != Type::connect) violated(type, "the first packet is a CONNECT");
  Cursor cursor(type, frame.body);
  return read_protocol(cursor);
}

Packet parse(const Frame& frame, Version version) {
  check_head(frame.head);
  const Type type = type_of(frame.head);
  check_length(frame, type == Type::connect ? connect_version(frame) : version);
  const Cursor cursor(type, frame.body);
  switch (type) {
    case Type::connect:
      return read_connect(cursor);
    case Type::connack:
      return read_connack(cursor, version);
    case Type::publish:
      return read_publish(cursor, version, frame.head & 0x0fu);
    case Type::puback:
    case Type::pubrec:
    case Type::pubrel:
    case Type::pubcomp:
      return read_ack(cursor, version);
    case Type::subscribe:
      return read_subscribe(cursor, version);
    case Type::suback:
    case Type::unsuback:
      return read_subscribed(cursor, version);
    case Type::unsubscribe:
      return read_unsubscribe(cursor, version);
    case Type::pingreq:
    case Type::pingresp:
      return read_ping(cursor);
    case Type::disconnect:
      return read_disconnect(cursor, version);
    case Type::auth:
      return read_auth(cursor, version);
  }
  malformed(type, "there is no such packet");
}

}  // namespace omnibus::mqtt
