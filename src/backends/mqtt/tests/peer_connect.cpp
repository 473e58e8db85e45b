#include <algorithm>

#include "backends/mqtt/tests/peer_broker.hpp"

namespace omnibus::mqtt {

void Peer::Broker::connect(const Connection& connection, const Connect& packet) {
  if (only_311 && connection->version == Version::v5) {
    // A broker of 3.1.1 answers in its own words [MQTT-3.1.2-2].
    connection->version = Version::v311;
    send(connection, Connack{.reason = Reason::unsupported_version});
    return end(connection);
  }
  auto answer = on_connect ? on_connect(packet) : Connack{};
  // [MQTT-3.1.3-8] of 3.1.1
  if (connection->version == Version::v311 && packet.client_id.empty() && !packet.clean_start)
    answer.reason = Reason::client_id_not_valid;
  answer.session_present = false;
  if (is_failure(answer.reason)) {
    send(connection, answer);
    return end(connection);
  }
  accept_session(connection, packet, answer);
}

void Peer::Broker::accept_session(const Connection& connection, const Connect& packet, Connack answer) {
  if (packet.client_id.empty()) {
    connection->client = answer.properties.assigned_client_id ? *answer.properties.assigned_client_id
                                                              : "assigned-" + std::to_string(++assigned_);
    answer.properties.assigned_client_id = connection->client;
  }
  auto& session = sessions[connection->client];
  if (session && session->connection) {
    // [MQTT-3.1.4-3]
    const auto old = session->connection;
    session->connection = nullptr;
    disconnect(old, Reason::session_taken_over);
    if (!session->keep) session = nullptr;
  }
  if (packet.clean_start) session = nullptr;
  answer.session_present = session != nullptr;
  if (!session) session = std::make_shared<PeerSession>();
  session->client = connection->client;
  session->connection = connection;
  session->will_delay = nullptr;
  connection->session = session;
  connection->resumed = answer.session_present;
  keep_limits(connection, packet, answer);
  for (const auto id : session->received) connection->in_use[id] = {.type = Type::publish, .of_before = true};
  for (auto& each : session->outgoing) each.sent = false;
  await_sign_of_life(connection);
  const auto held = session;
  send(connection, answer);
  pump(held);
}

void Peer::Broker::keep_limits(const Connection& connection, const Connect& packet, const Connack& answer) {
  auto& c = *connection;
  c.session_expiry = packet.properties.session_expiry.value_or(0);
  const bool v5 = c.version == Version::v5;
  c.session->keep =
      v5 ? answer.properties.session_expiry.value_or(c.session_expiry) > 0 : !packet.clean_start;
  c.client_receive_maximum = packet.properties.receive_maximum.value_or(65'535);
  c.client_packet_maximum = packet.properties.maximum_packet_size.value_or(~std::uint32_t{0});
  if (packet.will) {
    c.will = PeerMessage::of({.topic = packet.will->topic,
                              .payload = packet.will->payload,
                              .id = static_cast<std::uint16_t>(packet.will->qos > 0 ? 1 : 0),
                              .qos = packet.will->qos,
                              .retain = packet.will->retain,
                              .properties = packet.will->properties});
    c.will_delay = packet.will->properties.will_delay.value_or(0);
  }
  const unsigned keep_alive =
      v5 ? answer.properties.server_keep_alive.value_or(packet.keep_alive) : packet.keep_alive;
  c.longest_silence = std::chrono::milliseconds(1500) * keep_alive;
  if (!v5) return;
  const auto& own = answer.properties;
  c.receive_maximum = own.receive_maximum.value_or(65'535);
  c.packet_maximum = own.maximum_packet_size.value_or(~std::uint32_t{0});
  c.alias_maximum = own.topic_alias_maximum.value_or(0);
  c.maximum_qos = own.maximum_qos.value_or(2);
  c.retain_available = own.retain_available.value_or(true);
  c.wildcards_available = own.wildcards_available.value_or(true);
  c.ids_available = own.subscription_ids_available.value_or(true);
  c.shared_available = own.shared_available.value_or(true);
}

}  // namespace omnibus::mqtt
