#pragma once

/// An MQTT broker for tests, in this process, on a port of 127.0.0.1. It keeps sessions, routes messages and
/// resends as a broker must, can be told to fail at a given packet, and writes down what its clients do
/// against the specification.
///
/// It is strict where a broker may be. It has no persistence, and messages do not expire.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/mqtt/packet.hpp"

namespace omnibus::mqtt {

enum class Direction { from_client, to_client };

/// A packet as it passed, with all that it points to.
struct Seen {
  std::string client;
  Direction direction = Direction::from_client;
  Version version = Version::v5;
  Type type = Type::connect;
  std::uint16_t id = 0;
  std::uint8_t qos = 0;
  bool again = false;               ///< the DUP flag
  std::string topic;                ///< of a PUBLISH; the first filter of a SUBSCRIBE or UNSUBSCRIBE
  Reason reason = Reason::success;  ///< of a SUBACK or UNSUBACK the first
  PacketProperties properties;      ///< points into `bytes`, like `packet`
  Packet packet;
  std::shared_ptr<const std::string> bytes;

  /// What was seen in `bytes`, one whole packet.
  static Seen of(std::string client, Direction direction, Version version, std::string bytes);
};

/// Threads: any, one for the peer itself. What is given to it as a function runs on the peer's thread, and
/// what such a function returns may point only to what outlives the peer.
class Peer {
 public:
  using Log = std::vector<Seen>;

  Peer();
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::uint16_t port() const noexcept;
  std::string address() const;  ///< "127.0.0.1:port"

  /// Ends the TCP connection instead of sending, or of looking at, the nth such packet from now on. What was
  /// sent before still arrives. `first` runs just before that, on the peer's thread.
  void drop_before(Direction direction, Type type, std::size_t nth = 1,
                   std::function<void()> first = nullptr);
  /// What CONNACKs tell from now on. The peer keeps to it, and expects clients to; whether a session is
  /// present it fills in itself.
  void on_connect(std::function<Connack(const Connect&)> answer);
  /// The reason that acknowledges a message; one of failure refuses it.
  void on_publish(std::function<Reason(const Publish&)> answer);
  /// One of failure refuses the subscription.
  void on_subscribe(std::function<Reason(const Subscribe::Filter&)> answer);
  /// From now on it answers a CONNECT of MQTT 5 as a broker does that knows 3.1.1 only.
  void know_only_311();
  /// Packets of this type are not sent to clients until let_go().
  void hold(Type type);
  void let_go(Type type);

  /// Ends the client's connection with a DISCONNECT.
  void send_disconnect(const std::string& client, Reason reason, const PacketProperties& properties = {});
  /// Ends the client's TCP connection.
  void cut(const std::string& client);
  /// Drops the client's session as if it had expired, and its connection.
  void forget(const std::string& client);
  /// Ends all connections and accepts no others until accept().
  void refuse();
  void accept();
  /// Routes a message as if a client had sent it.
  void publish(const Publish& message);

  Log log() const;
  /// How many such packets passed.
  std::size_t count(const std::string& client, Direction direction, Type type) const;
  /// Waits until it holds, looking at each change; it must not call the peer. False when it did not within
  /// the timeout.
  bool wait(const std::function<bool(const Log&)>& holds,
            std::chrono::milliseconds timeout = std::chrono::seconds(20)) const;
  /// The same for so many such packets.
  bool wait_for(const std::string& client, Direction direction, Type type, std::size_t count = 1) const;
  /// What clients did against the specification, in words, each with the client's id.
  std::vector<std::string> violations() const;

  bool has_session(const std::string& client) const;
  bool is_connected(const std::string& client) const;
  /// The filters that the client's session holds, in the order of subscribing.
  std::vector<std::string> subscriptions(const std::string& client) const;

  struct Broker;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace omnibus::mqtt
