#include <algorithm>

#include "backends/mqtt/tests/peer_broker.hpp"

namespace omnibus::mqtt {
namespace {

std::string numbered(Type type, std::uint16_t id) {
  return std::string(to_string(type)) + " " + std::to_string(id);
}

}  // namespace

void Peer::Broker::handle(const Connection& connection, const Publish& packet) {
  std::string topic;
  if (!take_message(connection, packet, topic)) return;
  Publish named = packet;
  named.topic = topic;
  if (packet.qos == 0) {
    accept(connection, named);
    return;
  }
  if (!begin_use(connection, packet)) return;
  auto& received = connection->session->received;
  const bool known =
      packet.qos == 2 && std::find(received.begin(), received.end(), packet.id) != received.end();
  // [MQTT-4.3.3-10]: what is known is not routed again.
  const Reason reason = known ? Reason::success : accept(connection, named);
  // 3.1.1 cannot refuse a message.
  if (connection->version == Version::v311 && is_failure(reason)) return end(connection);
  if (packet.qos == 2 && !known && !is_failure(reason)) received.push_back(packet.id);
  send(connection,
       Ack{.type = packet.qos == 1 ? Type::puback : Type::pubrec, .id = packet.id, .reason = reason});
}

/// What the peer has told in its CONNACK holds, and the topic is known.
bool Peer::Broker::take_message(const Connection& connection, const Publish& packet, std::string& topic) {
  const auto no = [&](Reason reason, const std::string& what) {
    refuse(connection, reason, what);
    return false;
  };
  auto& c = *connection;
  if (packet.qos > c.maximum_qos)
    return no(Reason::qos_not_supported, "a QoS over the maximum [MQTT-3.2.2-11]");
  if (packet.retain && !c.retain_available)
    return no(Reason::retain_not_supported, "a retained message, which is not available [MQTT-3.2.2-14]");
  if (!packet.properties.subscription_ids.empty())
    return no(Reason::protocol_error, "a PUBLISH with a subscription identifier [MQTT-3.3.4-6]");
  topic = packet.topic;
  if (const auto alias = packet.properties.topic_alias) {
    if (*alias > c.alias_maximum)
      return no(Reason::topic_alias_invalid, "a topic alias over the maximum [MQTT-3.3.2-9]");
    if (topic.empty() && !c.aliases.contains(*alias))
      return no(Reason::protocol_error, "a topic alias that stands for no topic");
    if (topic.empty()) {
      topic = c.aliases[*alias];
    } else {
      c.aliases[*alias] = topic;
    }
  }
  return true;
}

/// The identifier may be used, and no more messages are in flight than allowed.
bool Peer::Broker::begin_use(const Connection& connection, const Publish& packet) {
  auto& uses = connection->in_use;
  const auto found = uses.find(packet.id);
  const bool resent = found != uses.end() && found->second.of_before && packet.again && packet.qos == 2;
  if (found != uses.end() && !resent)
    violation(connection,
              numbered(Type::publish, packet.id) + " has an identifier that is in use [MQTT-2.2.1-3]");
  if (packet.again && !connection->resumed)
    violation(connection,
              numbered(Type::publish, packet.id) + " is sent again in a new session [MQTT-4.4.0-1]");
  uses[packet.id] = {};
  const auto in_flight = std::count_if(uses.begin(), uses.end(), [](const auto& each) {
    return each.second.type == Type::publish && !each.second.of_before;
  });
  if (static_cast<std::size_t>(in_flight) <= connection->receive_maximum) return true;
  refuse(connection, Reason::receive_maximum_exceeded,
         std::to_string(in_flight) + " messages in flight, more than the receive maximum [MQTT-3.3.4-7]");
  return false;
}

Reason Peer::Broker::accept(const Connection& connection, const Publish& packet) {
  const Reason reason = on_publish ? on_publish(packet) : Reason::success;
  if (is_failure(reason)) return reason;
  const auto receivers = route(PeerMessage::of(packet), connection->session.get());
  if (reason == Reason::success && receivers == 0 && connection->version == Version::v5)
    return Reason::no_matching_subscribers;
  return reason;
}

void Peer::Broker::handle(const Connection& connection, const Ack& packet) {
  if (packet.type == Type::pubrel) {
    released(connection, packet);
  } else {
    acknowledged(connection, packet);
  }
}

void Peer::Broker::in_order(const Connection& connection, std::deque<std::uint16_t>& due, const Ack& packet,
                            std::string_view statement) {
  const auto found = std::find(due.begin(), due.end(), packet.id);
  if (found == due.end()) return;
  if (found != due.begin())
    violation(connection, numbered(packet.type, packet.id) + " before that of " +
                              std::to_string(due.front()) + ", which came first " + std::string(statement));
  due.erase(found);
}

/// PUBACK, PUBREC, PUBCOMP: of messages to the client.
void Peer::Broker::acknowledged(const Connection& connection, const Ack& packet) {
  const auto session = connection->session;
  auto* const outgoing = session->find(packet.id, packet.type == Type::puback ? 1 : 2);
  const bool expected = outgoing != nullptr && outgoing->released == (packet.type == Type::pubcomp);
  if (!expected) {
    violation(connection, numbered(packet.type, packet.id) + " for a message that does not await it");
    if (packet.type == Type::pubrec)
      send(connection,
           Ack{.type = Type::pubrel,
               .id = packet.id,
               .reason = connection->version == Version::v5 ? Reason::packet_id_not_found : Reason::success});
    return;
  }
  if (packet.type == Type::puback) in_order(connection, connection->puback_due, packet, "[MQTT-4.6.0-2]");
  if (packet.type == Type::pubrec) in_order(connection, connection->pubrec_due, packet, "[MQTT-4.6.0-3]");
  if (packet.type == Type::pubrec && !is_failure(packet.reason)) {
    outgoing->released = true;
    return send(connection, Ack{.type = Type::pubrel, .id = packet.id});
  }
  session->erase(packet.id);
  pump(session);
}

/// PUBREL: of messages from the client.
void Peer::Broker::released(const Connection& connection, const Ack& packet) {
  in_order(connection, connection->pubrel_due, packet, "[MQTT-4.6.0-4]");
  const bool known = std::erase(connection->session->received, packet.id) > 0;
  // After a loss of the connection the PUBCOMP may be what was lost.
  if (!known && !connection->resumed)
    violation(connection, numbered(packet.type, packet.id) + " for a message that does not await it");
  const bool tell = !known && connection->version == Version::v5;
  send(connection, Ack{.type = Type::pubcomp,
                       .id = packet.id,
                       .reason = tell ? Reason::packet_id_not_found : Reason::success});
}

Reason Peer::Broker::subscribe(const Connection& connection, const Subscribe::Filter& filter,
                               std::optional<std::uint32_t> id, std::list<PeerSubscription>& sent_retained) {
  auto wanted = PeerSubscription::of(filter);
  if (!wanted) return Reason::topic_filter_invalid;
  const auto no = [&](Reason reason) {
    violation(connection, "subscribes to " + wanted->filter + ": " + std::string(to_string(reason)));
    return reason;
  };
  if (!wanted->share.empty() && !connection->shared_available)
    return no(Reason::shared_subscriptions_not_supported);
  if (wanted->topics.find_first_of("+#") != std::string::npos && !connection->wildcards_available)
    return no(Reason::wildcards_not_supported);
  if (id && !connection->ids_available) return no(Reason::subscription_ids_not_supported);
  const Reason reason = on_subscribe ? on_subscribe(filter) : Reason::success;
  if (is_failure(reason)) return reason;
  wanted->id = id;
  auto& own = connection->session->subscriptions;
  const auto old = std::find_if(own.begin(), own.end(),
                                [&](const PeerSubscription& each) { return each.filter == wanted->filter; });
  const bool is_new = old == own.end();
  // [MQTT-3.8.4-3]
  if (is_new) {
    own.push_back(*wanted);
  } else {
    *old = *wanted;
  }
  const bool retained_too = filter.retain_handling == 0 || (filter.retain_handling == 1 && is_new);
  if (retained_too && wanted->share.empty()) sent_retained.push_back(*wanted);
  return static_cast<Reason>(wanted->qos);
}

void Peer::Broker::handle(const Connection& connection, const Subscribe& packet) {
  if (!connection->in_use.try_emplace(packet.id, PeerConnection::Use{.type = Type::subscribe}).second)
    violation(connection,
              numbered(Type::subscribe, packet.id) + " has an identifier that is in use [MQTT-2.2.1-3]");
  std::optional<std::uint32_t> id;
  if (!packet.properties.subscription_ids.empty()) id = packet.properties.subscription_ids.front();
  Subscribed answer{.id = packet.id};
  std::list<PeerSubscription> sent_retained;
  for (const auto& filter : packet.filters)
    answer.reasons.push_back(subscribe(connection, filter, id, sent_retained));
  const auto session = connection->session;
  send(connection, answer);
  for (const auto& each : sent_retained) send_retained(session, each);
}

void Peer::Broker::handle(const Connection& connection, const Unsubscribe& packet) {
  if (!connection->in_use.try_emplace(packet.id, PeerConnection::Use{.type = Type::unsubscribe}).second)
    violation(connection,
              numbered(Type::unsubscribe, packet.id) + " has an identifier that is in use [MQTT-2.2.1-3]");
  Subscribed answer{.type = Type::unsuback, .id = packet.id};
  for (const auto& filter : packet.filters) {
    const auto gone = connection->session->subscriptions.remove_if(
        [&](const PeerSubscription& each) { return each.filter == filter; });
    answer.reasons.push_back(gone > 0 ? Reason::success : Reason::no_subscription_existed);
  }
  send(connection, answer);
}

void Peer::Broker::handle(const Connection& connection, const Ping& packet) {
  if (packet.type == Type::pingresp)
    return refuse(connection, Reason::protocol_error, "a PINGRESP, which a client does not send");
  send(connection, Ping{Type::pingresp});
}

void Peer::Broker::handle(const Connection& connection, const Disconnect& packet) {
  if (const auto expiry = packet.properties.session_expiry) {
    // Source: MQTT 5.0 section 3.14.2.2.2.
    if (*expiry > 0 && connection->session_expiry == 0)
      return refuse(connection, Reason::protocol_error,
                    "a session that was to end with the connection is to stay");
    connection->session->keep = *expiry > 0;
  }
  // [MQTT-3.14.4-3]
  end(connection, packet.reason != Reason::success);
}

}  // namespace omnibus::mqtt
