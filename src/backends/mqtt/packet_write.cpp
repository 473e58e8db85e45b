/// Packets into bytes. Source: MQTT 5.0 and 3.1.1, chapter 3.
///
/// Each packet's body is described once, by a function body() that tells its fields to a pass: Measure checks
/// and counts them, Append appends them. So the length, which comes first, is known without a second buffer.

#include <algorithm>
#include <array>

#include "backends/mqtt/packet_properties.hpp"
#include "backends/mqtt/packet_rules.hpp"

namespace omnibus::mqtt {
namespace {

class Measure {
 public:
  Measure(Type type, Version version) : type_(type), version_(version) {}

  Version version() const noexcept { return version_; }
  std::size_t size() const noexcept { return size_; }
  const std::array<std::size_t, 2>& properties() const noexcept { return properties_; }

  void u8(std::size_t) { size_ += 1; }
  void u16(std::size_t) { size_ += 2; }
  void id(std::uint16_t value) {
    if (value == 0) unwritable(type_, "its packet identifier is 0");
    size_ += 2;
  }
  void reason(Reason value) {
    if (!may_hold(type_, value))
      unwritable(type_, "it cannot have the reason " + std::string(to_string(value)));
    size_ += 1;
  }
  void text(std::string_view value, const char* field) {
    check_text(type_, value, field);
    size_ += 2 + value.size();
  }
  void topic(std::string_view value, const char* field) {
    check_topic(type_, value, field);
    size_ += 2 + value.size();
  }
  void binary(std::string_view value, const char* field) {
    check_length(type_, value, field);
    size_ += 2 + value.size();
  }
  void rest(std::string_view value) { size_ += value.size(); }
  /// Without their length; they are written by put().
  std::size_t begin(Place place, const PacketProperties& value) {
    return properties_[begun_++] = measure_properties(type_, place, value);
  }
  void put(const PacketProperties&, std::size_t measured) { size_ += varint_size(measured) + measured; }

 private:
  Type type_;
  Version version_;
  std::size_t size_ = 0;
  std::array<std::size_t, 2> properties_{};  ///< in order: those of a CONNECT, those of its will
  std::size_t begun_ = 0;
};

class Append {
 public:
  Append(std::string& out, const Measure& measured) : out_(out), measured_(measured) {}

  Version version() const noexcept { return measured_.version(); }

  void u8(std::size_t value) { append_u8(out_, value); }
  void u16(std::size_t value) { append_u16(out_, value); }
  void id(std::uint16_t value) { append_u16(out_, value); }
  void reason(Reason value) { append_u8(out_, static_cast<std::uint8_t>(value)); }
  void text(std::string_view value, const char*) { append_text(out_, value); }
  void topic(std::string_view value, const char*) { append_text(out_, value); }
  void binary(std::string_view value, const char*) { append_text(out_, value); }
  void rest(std::string_view value) { out_.append(value); }
  std::size_t begin(Place, const PacketProperties&) { return measured_.properties()[begun_++]; }
  void put(const PacketProperties& value, std::size_t measured) { append_properties(out_, value, measured); }

 private:
  std::string& out_;
  const Measure& measured_;
  std::size_t begun_ = 0;
};

template <class Pass>
void put_properties(Pass& pass, Place place, const PacketProperties& properties) {
  if (pass.version() == Version::v5) pass.put(properties, pass.begin(place, properties));
}

/// A reason and properties of MQTT 5 that may both be left out from the end.
template <class Pass>
void put_outcome(Pass& pass, Place place, Reason reason, const PacketProperties& properties) {
  if (pass.version() == Version::v311) return;
  const std::size_t size = pass.begin(place, properties);
  if (reason == Reason::success && size == 0) return;
  pass.reason(reason);
  if (size > 0) pass.put(properties, size);
}

std::size_t return_code(Reason reason) noexcept {
  // What else MQTT 5 tells is nearest to one of these.
  if (reason == Reason::bad_authentication_method) reason = Reason::bad_user_or_password;
  if (reason == Reason::banned) reason = Reason::not_authorized;
  const auto* const found = std::find(return_codes.begin(), return_codes.end(), reason);
  constexpr std::size_t server_unavailable = 3;
  return found == return_codes.end() ? server_unavailable
                                     : static_cast<std::size_t>(found - return_codes.begin());
}

template <class Pass>
void body(Pass& pass, const Connect& packet) {
  const auto flag = [](bool set, unsigned bit) { return set ? 1u << bit : 0u; };
  pass.text("MQTT", "protocol name");
  pass.u8(static_cast<std::uint8_t>(pass.version()));
  pass.u8(flag(packet.clean_start, 1) | flag(packet.will.has_value(), 2) |
          (packet.will ? static_cast<unsigned>(packet.will->qos) << 3 : 0u) |
          flag(packet.will && packet.will->retain, 5) | flag(packet.password.has_value(), 6) |
          flag(packet.user.has_value(), 7));
  pass.u16(packet.keep_alive);
  put_properties(pass, in_connect, packet.properties);
  pass.text(packet.client_id, "client identifier");
  if (packet.will) {
    put_properties(pass, in_will, packet.will->properties);
    pass.topic(packet.will->topic, "will topic");
    pass.binary(packet.will->payload, "will payload");
  }
  if (packet.user) pass.text(*packet.user, "user name");
  if (packet.password) pass.binary(*packet.password, "password");
}

template <class Pass>
void body(Pass& pass, const Connack& packet) {
  pass.u8(packet.session_present ? 1 : 0);
  if (pass.version() == Version::v311) return pass.u8(return_code(packet.reason));
  pass.reason(packet.reason);
  put_properties(pass, in_connack, packet.properties);
}

template <class Pass>
void body(Pass& pass, const Publish& packet) {
  if (packet.topic.empty() && pass.version() == Version::v5 && packet.properties.topic_alias) {
    pass.u16(0);
  } else {
    pass.topic(packet.topic, "topic name");
  }
  if (packet.qos > 0) pass.id(packet.id);
  put_properties(pass, in_publish, packet.properties);
  pass.rest(packet.payload);
}

template <class Pass>
void body(Pass& pass, const Ack& packet) {
  pass.id(packet.id);
  put_outcome(pass, in_ack, packet.reason, packet.properties);
}

template <class Pass>
void body(Pass& pass, const Subscribe& packet) {
  pass.id(packet.id);
  put_properties(pass, in_subscribe, packet.properties);
  for (const auto& filter : packet.filters) {
    pass.text(filter.filter, "topic filter");
    const unsigned more = (filter.no_local ? 4u : 0u) | (filter.retain_as_published ? 8u : 0u) |
                          static_cast<unsigned>(filter.retain_handling) << 4;
    pass.u8(filter.qos | (pass.version() == Version::v5 ? more : 0u));
  }
}

template <class Pass>
void body(Pass& pass, const Unsubscribe& packet) {
  pass.id(packet.id);
  put_properties(pass, in_unsubscribe, packet.properties);
  for (const auto& filter : packet.filters) pass.text(filter, "topic filter");
}

template <class Pass>
void body(Pass& pass, const Subscribed& packet) {
  pass.id(packet.id);
  put_properties(pass, in_subscribed, packet.properties);
  const bool v5 = pass.version() == Version::v5;
  if (!v5 && packet.type == Type::unsuback) return;
  for (const Reason reason : packet.reasons)
    pass.reason(!v5 && is_failure(reason) ? Reason::unspecified : reason);
}

template <class Pass>
void body(Pass&, const Ping&) {}

template <class Pass>
void body(Pass& pass, const Disconnect& packet) {
  put_outcome(pass, in_disconnect, packet.reason, packet.properties);
}

template <class Pass>
void body(Pass& pass, const Auth& packet) {
  const std::size_t size = pass.begin(in_auth, packet.properties);
  if (packet.reason == Reason::success && size == 0) return;
  pass.reason(packet.reason);
  pass.put(packet.properties, size);
}

void check(Version version, const Connect& packet) {
  if (packet.will && packet.will->qos > 2) unwritable(Type::connect, "the QoS of its will is over 2");
  if (version == Version::v311 && packet.password && !packet.user)
    unwritable(Type::connect, "3.1.1 has no password without a user name");
}

void check(Version, const Connack& packet) {
  if (packet.session_present && packet.reason != Reason::success)
    unwritable(Type::connack, "it refuses and has a session");
}

void check(Version, const Publish& packet) {
  if (packet.qos > 2) unwritable(Type::publish, "its QoS is over 2");
  if (packet.qos == 0 && packet.id != 0) unwritable(Type::publish, "it has QoS 0 and a packet identifier");
  if (packet.qos == 0 && packet.again) unwritable(Type::publish, "it has QoS 0 and is sent again");
}

void check(Version version, const Ack& packet) {
  if (packet.type < Type::puback || packet.type > Type::pubcomp)
    unwritable(packet.type, "it is no acknowledgement");
  const bool refuses = packet.type <= Type::pubrec && is_failure(packet.reason);
  if (version == Version::v311 && refuses) unwritable(packet.type, "3.1.1 cannot refuse a message");
}

void check(Version, const Subscribe& packet) {
  if (packet.filters.empty()) unwritable(Type::subscribe, "it has no topic filter");
  for (const auto& filter : packet.filters) {
    if (filter.filter.empty()) unwritable(Type::subscribe, "its topic filter is empty");
    if (const auto* const wrong = fault_of(filter)) unwritable(Type::subscribe, wrong);
  }
}

void check(Version, const Unsubscribe& packet) {
  if (packet.filters.empty()) unwritable(Type::unsubscribe, "it has no topic filter");
  for (const auto& filter : packet.filters) {
    if (filter.empty()) unwritable(Type::unsubscribe, "its topic filter is empty");
  }
}

void check(Version version, const Subscribed& packet) {
  if (packet.type != Type::suback && packet.type != Type::unsuback)
    unwritable(packet.type, "it answers no subscription");
  const bool needed = version == Version::v5 || packet.type == Type::suback;
  if (needed && packet.reasons.empty()) unwritable(packet.type, "it has no reason");
}

void check(Version, const Ping& packet) {
  if (packet.type != Type::pingreq && packet.type != Type::pingresp) unwritable(packet.type, "it is no ping");
}

void check(Version version, const Disconnect& packet) {
  if (version == Version::v311 && packet.reason != Reason::success)
    unwritable(Type::disconnect, "3.1.1 has no reason for it but success");
}

void check(Version version, const Auth& packet) {
  if (version != Version::v5) unwritable(Type::auth, "3.1.1 has no such packet");
  const bool empty = packet.reason == Reason::success && packet.properties == PacketProperties{};
  if (!empty && !packet.properties.authentication_method)
    unwritable(Type::auth, "it has no authentication method");
}

template <class P>
Type type_of_packet(const P& packet) noexcept {
  if constexpr (requires { packet.type; }) return packet.type;
  if constexpr (std::is_same_v<P, Connect>) return Type::connect;
  if constexpr (std::is_same_v<P, Connack>) return Type::connack;
  if constexpr (std::is_same_v<P, Publish>) return Type::publish;
  if constexpr (std::is_same_v<P, Subscribe>) return Type::subscribe;
  if constexpr (std::is_same_v<P, Unsubscribe>) return Type::unsubscribe;
  if constexpr (std::is_same_v<P, Disconnect>) return Type::disconnect;
  if constexpr (std::is_same_v<P, Auth>) return Type::auth;
}

template <class P>
unsigned flags_of(const P& packet) noexcept {
  if constexpr (std::is_same_v<P, Publish>) {
    return (packet.again ? 8u : 0u) | static_cast<unsigned>(packet.qos) << 1 | (packet.retain ? 1u : 0u);
  } else {
    const Type type = type_of_packet(packet);
    return type == Type::pubrel || type == Type::subscribe || type == Type::unsubscribe ? 2u : 0u;
  }
}

template <class P>
Measure measure(Version version, const P& packet) {
  check(version, packet);
  Measure pass(type_of_packet(packet), version);
  body(pass, packet);
  if (pass.size() > largest_varint)
    too_large(type_of_packet(packet), "what follows its length", pass.size(), largest_varint);
  return pass;
}

std::size_t whole(const Measure& measured) { return 1 + varint_size(measured.size()) + measured.size(); }

template <class P>
void write_packet(std::string& out, Version version, const P& packet) {
  const Measure measured = measure(version, packet);
  out.reserve(out.size() + whole(measured));
  append_u8(out, static_cast<unsigned>(type_of_packet(packet)) << 4 | flags_of(packet));
  append_varint(out, measured.size());
  Append pass(out, measured);
  body(pass, packet);
}

}  // namespace

void write(std::string& out, Version version, const Packet& packet) {
  std::visit([&](const auto& each) { write_packet(out, version, each); }, packet);
}

void write(std::string& out, Version version, const Publish& publish) { write_packet(out, version, publish); }

void write(std::string& out, Version version, const Ack& ack) { write_packet(out, version, ack); }

std::size_t size_of(Version version, const Publish& publish) { return whole(measure(version, publish)); }

}  // namespace omnibus::mqtt
