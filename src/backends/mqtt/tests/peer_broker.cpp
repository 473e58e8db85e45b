#include "backends/mqtt/tests/peer_broker.hpp"

#include <algorithm>

namespace omnibus::mqtt {

void PeerNotes::add(Seen seen) {
  const std::lock_guard lock(mutex);
  log.push_back(std::move(seen));
  changed.notify_all();
}

void PeerNotes::violation(const std::string& client, const std::string& what) {
  const std::lock_guard lock(mutex);
  violations.push_back((client.empty() ? "a client" : client) + ": " + what);
  changed.notify_all();
}

std::uint16_t PeerSession::next_id() {
  do {
    ++last_id;
  } while (last_id == 0 || std::any_of(outgoing.begin(), outgoing.end(),
                                       [&](const Outgoing& each) { return each.id == last_id; }));
  return last_id;
}

PeerSession::Outgoing* PeerSession::find(std::uint16_t id, std::uint8_t qos) {
  const auto found = std::find_if(outgoing.begin(), outgoing.end(), [&](const Outgoing& each) {
    return each.id == id && each.qos == qos && each.sent;
  });
  return found == outgoing.end() ? nullptr : &*found;
}

void PeerSession::erase(std::uint16_t id) {
  std::erase_if(outgoing, [&](const Outgoing& each) { return each.id == id; });
}

std::size_t PeerConnection::received(std::string_view bytes) {
  const auto self = std::static_pointer_cast<PeerConnection>(shared_from_this());
  const Peer::Broker::Turn turn(broker);
  std::size_t used = 0;
  try {
    while (!over) {
      const auto frame = first_frame(bytes.substr(used), packet_maximum);
      if (!frame) break;
      used += frame->size;
      broker.take(self, *frame);
    }
  } catch (const ProtocolError& error) {
    broker.refuse(self, reason_of(error), error.message());
  } catch (const std::exception& error) {
    broker.refuse(self, Reason::unspecified, std::string("the peer cannot go on: ") + error.what());
  }
  return over ? bytes.size() : used;
}

void PeerConnection::ended() {
  const Peer::Broker::Turn turn(broker);
  broker.end(std::static_pointer_cast<PeerConnection>(shared_from_this()));
}

void Peer::Broker::take(const Connection& connection, const Frame& frame) {
  if (!connection->session) connection->version = connect_version(frame);
  const auto begin = static_cast<std::size_t>(frame.size - frame.body.size());
  auto seen = Seen::of(connection->client, Direction::from_client, connection->version,
                       std::string(frame.body.data() - begin, frame.size));
  if (const auto* const connect = std::get_if<Connect>(&seen.packet)) {
    if (!connection->session) seen.client = connect->client_id;
    if (!connection->session) connection->client = connect->client_id;
  }
  // What is looked at holds its own bytes.
  const auto packet = seen.packet;
  const auto bytes = seen.bytes;
  const bool dropped = drops(Direction::from_client, seen.type);
  if (!dropped) notes.add(std::move(seen));
  if (dropped) return end(connection);
  await_sign_of_life(connection);
  dispatch(connection, packet);
}

void Peer::Broker::dispatch(const Connection& connection, const Packet& packet) {
  if (const auto* const first = std::get_if<Connect>(&packet)) {
    // [MQTT-3.1.0-2]
    if (connection->session) return refuse(connection, Reason::protocol_error, "a second CONNECT");
    return connect(connection, *first);
  }
  std::visit(
      [&](const auto& each) {
        if constexpr (requires { this->handle(connection, each); }) {
          handle(connection, each);
        } else {
          refuse(connection, Reason::protocol_error, "a packet that it does not take from clients");
        }
      },
      packet);
}

void Peer::Broker::send(const Connection& connection, const Packet& packet) {
  if (connection->over) return;
  std::string bytes;
  write(bytes, connection->version, packet);
  const auto type = static_cast<Type>(static_cast<unsigned char>(bytes[0]) >> 4);
  if (holding_.contains(type)) {
    held_.push_back({connection, type, std::move(bytes)});
  } else {
    transmit(connection, std::move(bytes));
  }
}

void Peer::Broker::transmit(const Connection& connection, std::string bytes) {
  if (connection->over) return;
  auto seen = Seen::of(connection->client, Direction::to_client, connection->version, std::move(bytes));
  if (drops(Direction::to_client, seen.type)) return end(connection);
  // The client may use its identifier again.
  const bool refused = seen.type == Type::pubrec && is_failure(seen.reason);
  if (seen.type == Type::puback || seen.type == Type::pubcomp || seen.type == Type::suback ||
      seen.type == Type::unsuback || refused)
    connection->in_use.erase(seen.id);
  if (seen.type == Type::pubrec && !refused) connection->pubrel_due.push_back(seen.id);
  connection->PeerLink::send(*seen.bytes);
  notes.add(std::move(seen));
}

void Peer::Broker::let_go(Type type) {
  holding_.erase(type);
  auto held = std::exchange(held_, {});
  for (auto& each : held) {
    if (each.type != type) {
      held_.push_back(std::move(each));
    } else if (const auto connection = each.connection.lock()) {
      transmit(connection, std::move(each.bytes));
    }
  }
}

bool Peer::Broker::drops(Direction direction, Type type) {
  for (auto& each : drops_) {
    if (each.direction != direction || each.type != type || --each.left > 0) continue;
    if (each.first) each.first();
  }
  return std::erase_if(drops_, [](const Drop& each) { return each.left == 0; }) > 0;
}

void Peer::Broker::end(const Connection& connection, bool with_will) {
  if (connection->over) return;
  connection->over = true;
  connection->finish();
  connection->silence.cancel();
  ended_.push_back({connection, with_will});
}

void Peer::Broker::settle() {
  while (!ended_.empty()) {
    // A will may end other connections.
    const auto [connection, with_will] = std::move(ended_.front());
    ended_.pop_front();
    detach(connection, with_will);
  }
}

void Peer::Broker::detach(const Connection& connection, bool with_will) {
  const auto session = std::exchange(connection->session, nullptr);
  if (!session) return;
  if (session->connection == connection) session->connection = nullptr;
  const bool present = sessions.contains(session->client) && sessions[session->client] == session;
  if (present && !session->keep && !session->connection) sessions.erase(session->client);
  if (!with_will || !connection->will) return;
  if (connection->will_delay == 0 || !session->keep) {
    route(*connection->will, session.get());
    return;
  }
  // [MQTT-3.1.3-9]: a new connection cancels it.
  session->will_delay =
      std::make_unique<boost::asio::steady_timer>(context, std::chrono::seconds(connection->will_delay));
  session->will_delay->async_wait([this, will = *connection->will](const boost::system::error_code& error) {
    if (error) return;
    const Turn turn(*this);
    route(will, nullptr);
  });
}

void Peer::Broker::violation(const Connection& connection, const std::string& what) {
  notes.violation(connection->client, what);
}

void Peer::Broker::refuse(const Connection& connection, Reason reason, const std::string& what) {
  violation(connection, what);
  disconnect(connection, reason);
}

void Peer::Broker::disconnect(const Connection& connection, Reason reason,
                              const PacketProperties& properties) {
  // 3.1.1 has no word for it, and before its CONNACK a client must not get one [MQTT-3.14.0-1].
  if (connection->version == Version::v5 && connection->session)
    send(connection, Disconnect{.reason = reason, .properties = properties});
  end(connection);
}

void Peer::Broker::await_sign_of_life(const Connection& connection) {
  if (connection->longest_silence.count() == 0) return;
  connection->silence.expires_after(connection->longest_silence);
  connection->silence.async_wait(
      [this, held = std::weak_ptr(connection)](const boost::system::error_code& error) {
        const auto silent = held.lock();
        if (error || !silent || silent->over) return;
        const Turn turn(*this);
        // [MQTT-3.1.2-22]
        refuse(silent, Reason::keep_alive_timeout, "no packet within one and a half times the keep alive");
      });
}

}  // namespace omnibus::mqtt
