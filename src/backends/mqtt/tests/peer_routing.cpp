#include <algorithm>

#include "backends/mqtt/tests/peer_broker.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::size_t no_limit = ~std::size_t{0};

/// Takes the part before the next '/' from the front. The flag tells whether there was one.
std::string_view next_level(std::string_view& text, bool& more) {
  const auto end = text.find('/');
  const auto level = text.substr(0, end);
  more = end != std::string_view::npos;
  text.remove_prefix(more ? end + 1 : text.size());
  return level;
}

/// [MQTT-4.7.1-1] [MQTT-4.7.1-2]
bool is_filter(std::string_view text) {
  if (text.empty()) return false;
  for (bool more = true; more;) {
    const auto level = next_level(text, more);
    const bool wild = level.find_first_of("+#") != std::string_view::npos;
    if (wild && (level.size() > 1 || (level == "#" && more))) return false;
  }
  return true;
}

}  // namespace

PeerMessage PeerMessage::of(Publish publish) {
  PeerMessage message;
  message.qos = publish.qos;
  publish.id = publish.qos = 0;
  publish.again = false;
  publish.properties.topic_alias.reset();
  publish.properties.will_delay.reset();
  publish.properties.subscription_ids.clear();
  auto bytes = std::make_shared<std::string>();
  write(*bytes, Version::v5, publish);
  message.publish = std::get<Publish>(parse(*first_frame(*bytes, no_limit), Version::v5));
  message.bytes = std::move(bytes);
  return message;
}

std::optional<PeerSubscription> PeerSubscription::of(const Subscribe::Filter& filter) {
  PeerSubscription found{.filter = std::string(filter.filter),
                         .share = {},
                         .topics = std::string(filter.filter),
                         .qos = filter.qos,
                         .no_local = filter.no_local,
                         .retain_as_published = filter.retain_as_published,
                         .id = std::nullopt};
  constexpr std::string_view shared = "$share/";
  if (filter.filter.starts_with(shared)) {
    auto rest = filter.filter.substr(shared.size());
    bool more = false;
    found.share = next_level(rest, more);
    found.topics = rest;
    // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
    if (found.share.empty() || found.share.find_first_of("+#") != std::string::npos) return std::nullopt;
  }
  if (!is_filter(found.topics)) return std::nullopt;
  return found;
}

bool PeerSubscription::matches(std::string_view topic) const {
  std::string_view left = topics;
  // [MQTT-4.7.2-1]
  if (topic.starts_with('$') && (left.starts_with('+') || left.starts_with('#'))) return false;
  for (bool more_filter = true, more_topic = true; more_filter && more_topic;) {
    const auto wanted = next_level(left, more_filter);
    if (wanted == "#") return true;
    const auto level = next_level(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
    if (!more_topic) return !more_filter || left == "#";
    if (!more_filter) return false;
  }
  return false;
}

std::size_t Peer::Broker::route(const PeerMessage& message, const PeerSession* publisher) {
  const auto& publish = message.publish;
  if (publish.retain) {
    // [MQTT-3.3.1-5] [MQTT-3.3.1-6]
    retained.erase(std::string(publish.topic));
    if (!publish.payload.empty()) retained.emplace(publish.topic, message);
  }
  struct Member {
    Session session;
    PeerSubscription subscription;
  };
  std::map<std::string, std::vector<Member>> shares;
  std::vector<std::pair<Session, PeerSubscription>> own;
  std::vector<std::vector<std::uint32_t>> ids;
  for (const auto& [client, session] : sessions) {
    bool any = false;
    for (const auto& each : session->subscriptions) {
      if (!each.matches(publish.topic) || (each.no_local && session.get() == publisher)) continue;
      if (!each.share.empty()) {
        shares[each.filter].push_back({session, each});
        continue;
      }
      // One copy with the highest QoS for all that match [MQTT-3.3.4-2] [MQTT-3.3.4-4].
      if (!any) {
        own.emplace_back(session, each);
        ids.emplace_back();
      }
      auto& joined = own.back().second;
      joined.qos = std::max(joined.qos, each.qos);
      joined.retain_as_published |= each.retain_as_published;
      if (each.id) ids.back().push_back(*each.id);
      any = true;
    }
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto& [session, joined] = own[i];
    deliver(session, message, joined.qos, joined.retain_as_published && publish.retain, ids[i]);
  }
  for (const auto& [filter, members] : shares) {
    // Who is there is served in turns, others only when nobody is.
    std::vector<const Member*> able;
    for (const auto& each : members) {
      if (each.session->connection) able.push_back(&each);
    }
    for (const auto& each : members) {
      if (able.empty() || !able.front()->session->connection) able.push_back(&each);
    }
    const auto& chosen = *able[served[filter]++ % able.size()];
    std::vector<std::uint32_t> own_ids;
    if (chosen.subscription.id) own_ids.push_back(*chosen.subscription.id);
    deliver(chosen.session, message, chosen.subscription.qos,
            chosen.subscription.retain_as_published && publish.retain, own_ids);
  }
  return own.size() + shares.size();
}

void Peer::Broker::send_retained(const Session& session, const PeerSubscription& subscription) {
  std::vector<std::uint32_t> ids;
  if (subscription.id) ids.push_back(*subscription.id);
  for (const auto& [topic, message] : retained) {
    if (subscription.matches(topic)) deliver(session, message, subscription.qos, true, ids);
  }
}

void Peer::Broker::deliver(const Session& session, const PeerMessage& message, std::uint8_t qos, bool retain,
                           std::vector<std::uint32_t> subscription_ids) {
  PeerSession::Outgoing outgoing{.message = message,
                                 .qos = std::min(qos, message.qos),
                                 .retain = retain,
                                 .subscription_ids = std::move(subscription_ids)};
  if (outgoing.qos == 0) {
    if (session->connection) send_publish(session, outgoing);
    return;
  }
  session->outgoing.push_back(std::move(outgoing));
  pump(session);
}

/// False when it is too large for the client [MQTT-3.1.2-24].
bool Peer::Broker::send_publish(const Session& session, PeerSession::Outgoing& outgoing) {
  const auto& connection = session->connection;
  Publish publish = outgoing.message.publish;
  publish.qos = outgoing.qos;
  publish.retain = outgoing.retain;
  publish.again = outgoing.id != 0;
  publish.properties.subscription_ids = outgoing.subscription_ids;
  if (outgoing.qos > 0 && outgoing.id == 0) outgoing.id = session->next_id();
  publish.id = outgoing.id;
  if (size_of(connection->version, publish) > connection->client_packet_maximum) return false;
  outgoing.sent = true;
  if (outgoing.qos == 1) connection->puback_due.push_back(outgoing.id);
  if (outgoing.qos == 2) connection->pubrec_due.push_back(outgoing.id);
  send(connection, publish);
  return true;
}

void Peer::Broker::pump(const Session& session) {
  if (!session->connection || session->connection->over) return;
  auto in_flight = static_cast<std::size_t>(std::count_if(session->outgoing.begin(), session->outgoing.end(),
                                                          [](const auto& each) { return each.sent; }));
  for (auto each = session->outgoing.begin(); each != session->outgoing.end();) {
    if (session->connection->over) return;
    if (each->sent) {
      ++each;
    } else if (in_flight >= session->connection->client_receive_maximum) {
      return;
    } else if (each->released) {
      // What has been received is not sent again, its PUBREL is [MQTT-4.4.0-1].
      each->sent = true;
      ++in_flight;
      send(session->connection, Ack{.type = Type::pubrel, .id = each->id});
      ++each;
    } else if (send_publish(session, *each)) {
      ++in_flight;
      ++each;
    } else {
      // [MQTT-3.1.2-25]
      each = session->outgoing.erase(each);
    }
  }
}

}  // namespace omnibus::mqtt
