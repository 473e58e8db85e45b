#pragma once

/// The insides of the peer: sessions and the connections that serve them. Threads: the peer's only, but for
/// Notes.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "backends/mqtt/tests/peer.hpp"
#include "backends/mqtt/tests/peer_link.hpp"

namespace omnibus::mqtt {

/// What tests look at. Threads: any.
struct PeerNotes {
  mutable std::mutex mutex;  ///< guards the rest
  mutable std::condition_variable changed;
  Peer::Log log;
  std::vector<std::string> violations;

  void add(Seen seen);
  void violation(const std::string& client, const std::string& what);
};

/// A message that has an owner. Its identifier and flags, but for retain, belong to each sending.
struct PeerMessage {
  std::shared_ptr<const std::string> bytes;
  Publish publish;  ///< points into `bytes`
  std::uint8_t qos = 0;

  static PeerMessage of(Publish publish);
};

struct PeerSubscription {
  std::string filter;  ///< as the client gave it
  std::string share;   ///< the share's name, empty when it is not shared
  std::string topics;  ///< the filter without the share
  std::uint8_t qos = 0;
  bool no_local = false, retain_as_published = false;
  std::optional<std::uint32_t> id;

  /// Empty when the filter is not valid. Source: MQTT 5.0 sections 4.7 and 4.8.2.
  static std::optional<PeerSubscription> of(const Subscribe::Filter& filter);
  bool matches(std::string_view topic) const;
};

struct PeerConnection;

struct PeerSession {
  /// A message of QoS 1 or 2 on its way to the client.
  struct Outgoing {
    PeerMessage message;
    std::uint8_t qos = 1;
    bool retain = false;
    std::vector<std::uint32_t> subscription_ids;
    std::uint16_t id = 0;   ///< 0: not yet sent
    bool sent = false;      ///< over the present connection
    bool released = false;  ///< PUBREC has come
  };

  std::string client;
  bool keep = false;  ///< when the connection ends
  std::list<PeerSubscription> subscriptions;
  std::deque<Outgoing> outgoing;
  std::vector<std::uint16_t> received;  ///< ids of QoS 2 before their PUBREL
  std::uint16_t last_id = 0;
  std::shared_ptr<PeerConnection> connection;
  std::unique_ptr<boost::asio::steady_timer> will_delay;

  std::uint16_t next_id();
  Outgoing* find(std::uint16_t id, std::uint8_t qos);
  void erase(std::uint16_t id);
};

struct PeerConnection : PeerLink {
  /// What the client does with an identifier of its own.
  struct Use {
    Type type = Type::publish;
    bool of_before = false;  ///< from a connection before this one, not yet sent again
  };

  PeerConnection(Peer::Broker& broker_in, Socket socket)
      : PeerLink(std::move(socket)), broker(broker_in), silence(executor()) {}

  Peer::Broker& broker;
  Version version = Version::v5;
  std::string client;
  std::shared_ptr<PeerSession> session;
  bool over = false, resumed = false;

  std::size_t client_receive_maximum = 65'535, client_packet_maximum = ~std::size_t{0};
  std::size_t receive_maximum = 65'535, packet_maximum = ~std::size_t{0};
  std::uint16_t alias_maximum = 0;
  std::uint8_t maximum_qos = 2;
  bool retain_available = true, wildcards_available = true, ids_available = true, shared_available = true;

  std::map<std::uint16_t, std::string> aliases;
  std::map<std::uint16_t, Use> in_use;
  /// In the order that the client must keep.
  std::deque<std::uint16_t> puback_due, pubrec_due, pubrel_due;
  std::optional<PeerMessage> will;
  std::uint32_t will_delay = 0;      ///< seconds
  std::uint32_t session_expiry = 0;  ///< as the client asked for
  std::chrono::milliseconds longest_silence{0};
  boost::asio::steady_timer silence;

 protected:
  std::size_t received(std::string_view bytes) override;
  void ended() override;
};

struct Peer::Broker {
  using Connection = std::shared_ptr<PeerConnection>;
  using Session = std::shared_ptr<PeerSession>;

  Broker(boost::asio::io_context& context_in, PeerNotes& notes_in) : context(context_in), notes(notes_in) {}

  // peer_broker.cpp: packets and connections.
  void take(const Connection& connection, const Frame& frame);
  void send(const Connection& connection, const Packet& packet);
  void let_go(Type type);
  /// Encloses whatever the peer does at once; behind it sessions learn which connections have ended.
  class Turn {
   public:
    explicit Turn(Broker& broker) : broker_(broker) { ++broker_.turns_open_; }
    ~Turn() {
      if (--broker_.turns_open_ == 0) broker_.settle();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Broker& broker_;
  };

  /// Ends a connection behind what was sent. The session learns of it when the turn is over.
  void end(const Connection& connection, bool with_will = true);
  /// Notes a violation and ends the connection as section 4.13 says.
  void refuse(const Connection& connection, Reason reason, const std::string& what);
  void disconnect(const Connection& connection, Reason reason, const PacketProperties& properties = {});
  void violation(const Connection& connection, const std::string& what);
  void await_sign_of_life(const Connection& connection);

  // peer_connect.cpp: how connections and sessions begin.
  void connect(const Connection& connection, const Connect& packet);

  // peer_receive.cpp: packets of clients with a session.
  void handle(const Connection& connection, const Publish& packet);
  void handle(const Connection& connection, const Ack& packet);
  void handle(const Connection& connection, const Subscribe& packet);
  void handle(const Connection& connection, const Unsubscribe& packet);
  void handle(const Connection& connection, const Ping& packet);
  void handle(const Connection& connection, const Disconnect& packet);

  // peer_routing.cpp: messages to subscribers.
  std::size_t route(const PeerMessage& message, const PeerSession* publisher);
  void send_retained(const Session& session, const PeerSubscription& subscription);
  /// Sends what the session's connection may have now.
  void pump(const Session& session);

  boost::asio::io_context& context;
  PeerNotes& notes;
  std::map<std::string, Session> sessions;
  std::map<std::string, PeerMessage> retained;
  std::map<std::string, std::size_t> served;  ///< messages, of shared subscriptions

  std::function<Connack(const Connect&)> on_connect;
  std::function<Reason(const Publish&)> on_publish;
  std::function<Reason(const Subscribe::Filter&)> on_subscribe;
  bool only_311 = false;

 private:
  struct Drop {
    Direction direction;
    Type type;
    std::size_t left;
    std::function<void()> first;  ///< runs before the connection ends
  };
  struct Ended {
    Connection connection;
    bool with_will;
  };
  struct Held {
    std::weak_ptr<PeerConnection> connection;
    Type type;
    std::string bytes;
  };

  void dispatch(const Connection& connection, const Packet& packet);
  void transmit(const Connection& connection, std::string bytes);
  bool drops(Direction direction, Type type);
  void settle();
  void detach(const Connection& connection, bool with_will);
  void accept_session(const Connection& connection, const Connect& packet, Connack answer);
  void keep_limits(const Connection& connection, const Connect& packet, const Connack& answer);
  bool take_message(const Connection& connection, const Publish& packet, std::string& topic);
  bool begin_use(const Connection& connection, const Publish& packet);
  Reason accept(const Connection& connection, const Publish& packet);
  void acknowledged(const Connection& connection, const Ack& packet);
  void released(const Connection& connection, const Ack& packet);
  void in_order(const Connection& connection, std::deque<std::uint16_t>& due, const Ack& packet,
                std::string_view statement);
  Reason subscribe(const Connection& connection, const Subscribe::Filter& filter,
                   std::optional<std::uint32_t> id, std::list<PeerSubscription>& sent_retained);
  void deliver(const Session& session, const PeerMessage& message, std::uint8_t qos, bool retain,
               std::vector<std::uint32_t> subscription_ids);
  bool send_publish(const Session& session, PeerSession::Outgoing& outgoing);

  friend class Peer;
  std::size_t turns_open_ = 0;
  std::deque<Ended> ended_;
  std::vector<Drop> drops_;
  std::set<Type> holding_;
  std::deque<Held> held_;
  std::size_t assigned_ = 0;  ///< client ids
};

}  // namespace omnibus::mqtt
