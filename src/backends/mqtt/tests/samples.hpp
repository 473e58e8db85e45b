#pragma once

/// Packets of every type, with everything that a packet of its type may carry and with the least.

#include <vector>

#include "backends/mqtt/packet.hpp"

namespace omnibus::mqtt {

inline const UserProperties sample_user = {{"key", "value"}, {"key", ""}, {"", "ключ"}};

inline PacketProperties message_properties() {
  using namespace std::string_view_literals;
  PacketProperties properties;
  properties.payload_is_text = true;
  properties.message_expiry = 3'000'000'000;
  properties.content_type = "application/json";
  properties.response_topic = "tg/response/queue";
  properties.correlation_data = "\x00\xff\x80"sv;
  properties.user = sample_user;
  return properties;
}

inline Connect full_connect(Version version) {
  using namespace std::string_view_literals;
  Connect packet{.client_id = "client", .clean_start = false, .keep_alive = 65'535};
  packet.user = "Анна";
  packet.password = "\x00pass\xff"sv;
  packet.will = Will{.topic = "wills/client", .payload = "\xfe gone"sv, .qos = 2, .retain = true};
  if (version == Version::v311) return packet;
  packet.will->properties = message_properties();
  packet.will->properties.will_delay = 4;
  auto& properties = packet.properties;
  properties.session_expiry = 0xffff'ffff;
  properties.receive_maximum = 1;
  properties.maximum_packet_size = 1;
  properties.topic_alias_maximum = 0;
  properties.request_response_information = false;
  properties.request_problem_information = true;
  properties.authentication_method = "SCRAM-SHA-1";
  properties.authentication_data = ""sv;
  properties.user = sample_user;
  return packet;
}

inline Connack full_connack() {
  Connack packet{.session_present = true};
  auto& properties = packet.properties;
  properties.session_expiry = 7;
  properties.receive_maximum = 65'535;
  properties.maximum_qos = 1;
  properties.retain_available = true;
  properties.maximum_packet_size = 0xffff'ffff;
  properties.assigned_client_id = "auto-1";
  properties.topic_alias_maximum = 16;
  properties.reason_text = "welcome";
  properties.wildcards_available = false;
  properties.subscription_ids_available = true;
  properties.shared_available = false;
  properties.server_keep_alive = 30;
  properties.response_information = "responses/";
  properties.server_reference = "other:1883";
  properties.authentication_method = "SCRAM-SHA-1";
  properties.authentication_data = "data";
  properties.user = sample_user;
  return packet;
}

inline std::vector<Packet> samples(Version version) {
  const bool v5 = version == Version::v5;
  PacketProperties told;
  if (v5) told.reason_text = "told";
  if (v5) told.user = sample_user;
  const auto reason = [&](Reason of_v5) { return v5 ? of_v5 : Reason::success; };

  std::vector<Packet> all;
  all.emplace_back(Connect{.client_id = "a"});
  all.emplace_back(full_connect(version));
  all.emplace_back(Connack{});
  all.emplace_back(v5 ? full_connack() : Connack{.session_present = true});
  for (const Reason refusal :
       {Reason::unsupported_version, Reason::client_id_not_valid, Reason::server_unavailable,
        Reason::bad_user_or_password, Reason::not_authorized}) {
    all.emplace_back(Connack{.reason = refusal});
  }

  Publish full{.topic = "tg/flow/queue", .payload = "payload", .id = 65'535, .qos = 1};
  if (v5) full.properties = message_properties();
  if (v5) full.properties.subscription_ids = {1, 127, 128, 268'435'455};
  if (v5) full.properties.topic_alias = 65'535;
  all.emplace_back(full);
  all.emplace_back(Publish{.topic = "a"});
  all.emplace_back(Publish{.topic = "a", .payload = "b", .retain = true});
  all.emplace_back(Publish{.topic = "/", .payload = "b", .id = 1, .qos = 2, .again = true});
  if (v5) {
    Publish by_alias{.payload = "b"};
    by_alias.properties.topic_alias = 1;
    all.emplace_back(by_alias);
  }

  for (const Type type : {Type::puback, Type::pubrec, Type::pubrel, Type::pubcomp}) {
    all.emplace_back(Ack{.type = type, .id = 1});
    all.emplace_back(Ack{.type = type, .id = 256, .reason = reason(Reason::packet_id_not_found)});
    all.emplace_back(
        Ack{.type = type, .id = 65'535, .reason = reason(Reason::quota_exceeded), .properties = told});
    all.emplace_back(Ack{.type = type, .id = 2, .properties = told});
  }

  Subscribe subscribe{.id = 3, .filters = {{.filter = "#"}, {.filter = "a/+/b", .qos = 2}}};
  all.emplace_back(subscribe);
  if (v5) {
    subscribe.filters.push_back(
        {.filter = "c", .qos = 1, .no_local = true, .retain_as_published = true, .retain_handling = 2});
    subscribe.properties.subscription_ids = {5};
    subscribe.properties.user = sample_user;
    all.emplace_back(subscribe);
  }
  all.emplace_back(Subscribed{.id = 3, .reasons = {Reason::success}});
  all.emplace_back(
      Subscribed{.id = 4,
                 .reasons = {Reason::granted_qos_1, v5 ? Reason::not_authorized : Reason::unspecified,
                             Reason::granted_qos_2},
                 .properties = told});

  Unsubscribe unsubscribe{.id = 5, .filters = {"$share/group/a", "b"}};
  if (v5) unsubscribe.properties.user = sample_user;
  all.emplace_back(unsubscribe);
  Subscribed unsubscribed{.type = Type::unsuback, .id = 5, .properties = told};
  if (v5) unsubscribed.reasons = {Reason::success, Reason::no_subscription_existed};
  all.emplace_back(unsubscribed);

  all.emplace_back(Ping{Type::pingreq});
  all.emplace_back(Ping{Type::pingresp});
  all.emplace_back(Disconnect{});
  if (v5) {
    auto moved = told;
    moved.session_expiry = 0;
    moved.server_reference = "other:1883";
    all.emplace_back(Disconnect{.reason = Reason::disconnect_with_will});
    all.emplace_back(Disconnect{.reason = Reason::server_moved, .properties = moved});
    auto method = told;
    method.authentication_method = "SCRAM-SHA-1";
    method.authentication_data = "data";
    all.emplace_back(Auth{});
    all.emplace_back(Auth{.reason = Reason::continue_authentication, .properties = method});
  }
  return all;
}

}  // namespace omnibus::mqtt
