#include "backends/mqtt/packet_properties.hpp"

#include <type_traits>

namespace omnibus::mqtt {
namespace {

enum class Content { number, positive, text, topic, binary };

/// Everything that tells one property from another.
struct Property {
  std::uint8_t id = 0;
  std::uint32_t places = 0;
  Content content = Content::number;
  const char* name = "";
};

/// Calls visit(Property, member) for every property.
template <class Properties, class Visit>
void for_each(Properties& p, Visit&& visit) {
  using enum Content;
  constexpr std::uint32_t message = in_publish | in_will;
  constexpr std::uint32_t authentic = in_connect | in_connack | in_auth;
  constexpr std::uint32_t limits = in_connect | in_connack;
  constexpr std::uint32_t explained = in_connack | in_ack | in_subscribed | in_disconnect | in_auth;
  visit(Property{0x01, message, number, "payload format indicator"}, p.payload_is_text);
  visit(Property{0x02, message, number, "message expiry interval"}, p.message_expiry);
  visit(Property{0x03, message, text, "content type"}, p.content_type);
  visit(Property{0x08, message, topic, "response topic"}, p.response_topic);
  visit(Property{0x09, message, binary, "correlation data"}, p.correlation_data);
  visit(Property{0x0b, in_publish | in_subscribe, positive, "subscription identifier"}, p.subscription_ids);
  visit(Property{0x11, limits | in_disconnect, number, "session expiry interval"}, p.session_expiry);
  visit(Property{0x12, in_connack, text, "assigned client identifier"}, p.assigned_client_id);
  visit(Property{0x13, in_connack, number, "server keep alive"}, p.server_keep_alive);
  visit(Property{0x15, authentic, text, "authentication method"}, p.authentication_method);
  visit(Property{0x16, authentic, binary, "authentication data"}, p.authentication_data);
  visit(Property{0x17, in_connect, number, "request problem information"}, p.request_problem_information);
  visit(Property{0x18, in_will, number, "will delay interval"}, p.will_delay);
  visit(Property{0x19, in_connect, number, "request response information"}, p.request_response_information);
  visit(Property{0x1a, in_connack, text, "response information"}, p.response_information);
  visit(Property{0x1c, in_connack | in_disconnect, text, "server reference"}, p.server_reference);
  visit(Property{0x1f, explained, text, "reason string"}, p.reason_text);
  visit(Property{0x21, limits, positive, "receive maximum"}, p.receive_maximum);
  visit(Property{0x22, limits, number, "topic alias maximum"}, p.topic_alias_maximum);
  visit(Property{0x23, in_publish, positive, "topic alias"}, p.topic_alias);
  visit(Property{0x24, in_connack, number, "maximum QoS"}, p.maximum_qos);
  visit(Property{0x25, in_connack, number, "retain available"}, p.retain_available);
  visit(Property{0x26, anywhere, text, "user property"}, p.user);
  visit(Property{0x27, limits, positive, "maximum packet size"}, p.maximum_packet_size);
  visit(Property{0x28, in_connack, number, "wildcard subscription available"}, p.wildcards_available);
  visit(Property{0x29, in_connack, number, "subscription identifiers available"},
        p.subscription_ids_available);
  visit(Property{0x2a, in_connack, number, "shared subscription available"}, p.shared_available);
}

std::string its(const Property& property) { return "its " + std::string(property.name); }

[[noreturn]] void repeated(const Cursor& cursor, const Property& property) {
  violated(cursor.type(), its(property) + " stands there twice");
}

[[noreturn]] void zero(const Cursor& cursor, const Property& property) {
  // [MQTT-3.3.2-8] for the alias.
  violated(cursor.type(), its(property) + " is 0",
           property.id == 0x23 ? Reason::topic_alias_invalid : Reason::protocol_error);
}

std::uint8_t read_flag(Cursor& cursor, const Property& property) {
  const auto value = cursor.u8(property.name);
  if (value > 1) violated(cursor.type(), its(property) + " is " + std::to_string(value) + ", not 0 or 1");
  return value;
}

template <class Value>
void read(Cursor& cursor, const Property& property, std::optional<Value>& member) {
  if (member) repeated(cursor, property);
  if constexpr (std::is_same_v<Value, bool>) {
    member = read_flag(cursor, property) != 0;
  } else if constexpr (std::is_same_v<Value, std::uint8_t>) {
    member = read_flag(cursor, property);
  } else if constexpr (std::is_same_v<Value, std::uint16_t>) {
    member = cursor.u16(property.name);
  } else if constexpr (std::is_same_v<Value, std::uint32_t>) {
    member = cursor.u32(property.name);
  } else if (property.content == Content::binary) {
    member = cursor.binary(property.name);
  } else if (property.content == Content::topic) {
    member = cursor.topic(property.name);  // [MQTT-3.3.2-14]
  } else {
    member = cursor.text(property.name);
  }
  if constexpr (std::is_integral_v<Value>) {
    if (property.content == Content::positive && *member == 0) zero(cursor, property);
  }
}

void read(Cursor& cursor, const Property& property, std::vector<std::uint32_t>& members) {
  if (!members.empty() && cursor.type() == Type::subscribe) repeated(cursor, property);
  members.push_back(cursor.varint(property.name));
  if (members.back() == 0) zero(cursor, property);
}

void read(Cursor& cursor, const Property& property, UserProperties& members) {
  const auto name = cursor.text(property.name);
  members.emplace_back(name, cursor.text(property.name));
}

template <class Value>
std::size_t measure(Type type, const Property& property, const std::optional<Value>& member) {
  if (!member) return 0;
  if constexpr (std::is_same_v<Value, std::string_view>) {
    if (property.content == Content::binary) {
      check_length(type, *member, property.name);
    } else if (property.content == Content::topic) {
      check_topic(type, *member, property.name);
    } else {
      check_text(type, *member, property.name);
    }
    return 1 + 2 + member->size();
  } else {
    if (property.content == Content::positive && *member == 0) unwritable(type, its(property) + " is 0");
    if constexpr (std::is_same_v<Value, std::uint8_t>) {
      if (*member > 1) unwritable(type, its(property) + " is not 0 or 1");
    }
    return 1 + sizeof(Value);
  }
}

std::size_t measure(Type type, const Property& property, const std::vector<std::uint32_t>& members) {
  if (members.size() > 1 && type == Type::subscribe) unwritable(type, its(property) + " stands there twice");
  std::size_t size = 0;
  for (const std::uint32_t id : members) {
    if (id == 0 || id > largest_varint) unwritable(type, its(property) + " is not 1 to 268,435,455");
    size += 1 + varint_size(id);
  }
  return size;
}

std::size_t measure(Type type, const Property& property, const UserProperties& members) {
  std::size_t size = 0;
  for (const auto& [name, value] : members) {
    check_text(type, name, property.name);
    check_text(type, value, property.name);
    size += 1 + 2 + name.size() + 2 + value.size();
  }
  return size;
}

template <class Value>
void append(std::string& out, std::uint8_t id, const std::optional<Value>& member) {
  if (!member) return;
  append_u8(out, id);
  if constexpr (std::is_same_v<Value, std::string_view>) {
    append_text(out, *member);
  } else {
    if constexpr (sizeof(Value) == 4) append_u16(out, *member >> 16);
    if constexpr (sizeof(Value) == 1) {
      append_u8(out, *member);
    } else {
      append_u16(out, *member & 0xffffu);
    }
  }
}

void append(std::string& out, std::uint8_t id, const std::vector<std::uint32_t>& members) {
  for (const std::uint32_t member : members) {
    append_u8(out, id);
    append_varint(out, member);
  }
}

void append(std::string& out, std::uint8_t id, const UserProperties& members) {
  for (const auto& [name, value] : members) {
    append_u8(out, id);
    append_text(out, name);
    append_text(out, value);
  }
}

}  // namespace

void read_properties(Cursor& cursor, Place place, PacketProperties& properties) {
  const std::size_t size = cursor.varint("property length");
  Cursor own(cursor.type(), cursor.take(size, "properties"));
  while (!own.empty()) {
    const std::uint32_t id = own.varint("property identifier");
    bool known = false;
    for_each(properties, [&](const Property& property, auto& member) {
      if (property.id != id) return;
      if ((property.places & place) == 0)
        malformed(own.type(), std::string(property.name) + " is no property of this packet");
      known = true;
      read(own, property, member);
    });
    if (!known) malformed(own.type(), "it has a property " + std::to_string(id) + ", which does not exist");
  }
  if (place == in_connect && properties.authentication_data && !properties.authentication_method)
    violated(own.type(), "it has authentication data without a method");
}

std::size_t measure_properties(Type type, Place place, const PacketProperties& properties) {
  std::size_t size = 0;
  for_each(properties, [&](const Property& property, const auto& member) {
    const std::size_t own = measure(type, property, member);
    if (own > 0 && (property.places & place) == 0)
      unwritable(type, std::string(property.name) + " is no property of this packet");
    size += own;
  });
  if (place == in_connect && properties.authentication_data && !properties.authentication_method)
    unwritable(type, "it has authentication data without a method");
  return size;
}

void append_properties(std::string& out, const PacketProperties& properties, std::size_t measured) {
  append_varint(out, measured);
  if (measured == 0) return;
  for_each(properties,
           [&](const Property& property, const auto& member) { append(out, property.id, member); });
}

}  // namespace omnibus::mqtt
