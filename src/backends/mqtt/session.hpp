#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/mqtt/connection.hpp"

namespace omnibus::mqtt {

/// A message on its way to the broker. Topic and message are unchanged until `done` has run, or owned by it.
struct Request {
  const std::string* topic = nullptr;
  const driver::Outgoing* message = nullptr;
  std::uint8_t qos = 0;
  bool retain = false;
  bool internal = false;                  ///< not a user's: an envelope may be used
  bool unheard = false;                   ///< nobody need subscribe to it
  std::uint32_t expiry = 0;               ///< seconds that the broker keeps it (MQTT 5); 0: no limit
  const void* sender = nullptr;           ///< whose it is, for drop()
  const std::string* producer = nullptr;  ///< with QoS 2: who numbers it; null: sent anew after a loss
  Completion done;
};

/// Takes what the broker sends over a session.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  /// Whoever takes it answers by Session::settle, also one of QoS 2 that its SessionState has as received.
  virtual void on_publish(const Publish& publish) = 0;
  virtual void on_lost(const Error& error) = 0;
};

/// A session with the broker over one connection: subscriptions, the flows of QoS 1 and 2 in both directions,
/// packet ids. It ends with its connection; what must outlive that is its SessionState.
/// Threads: the loop's only.
class Session final : public ConnectionEvents, public std::enable_shared_from_this<Session> {
 public:
  struct Config {
    Connection::Config connection;
    bool kept = false;  ///< its state outlives the process, where the URL names a folder
  };
  using Opened = driver::Result<std::shared_ptr<Session>>;

  /// Completes later, on the loop. Errors: as Connection::open; Error{conflict} when another process has the
  /// state.
  static void open(const std::shared_ptr<Context>& context, Config config,
                   const std::weak_ptr<SessionEvents>& events, Opened opened);
  Session(std::shared_ptr<Context> context, Config config, std::weak_ptr<SessionEvents> events);

  const Config& config() const noexcept { return config_; }
  const Terms& terms() const noexcept { return connection_->terms(); }
  bool is_lost() const noexcept { return lost_.has_value(); }

  /// Errors: the first that the broker answers; unavailable when the connection ends.
  void subscribe(const std::vector<Subscribe::Filter>& filters, Completion done);
  void unsubscribe(const std::vector<std::string>& filters, Completion done);

  /// Sends in order, as the broker's receive maximum allows. `done` runs when the kernel has it (QoS 0), or
  /// the broker has confirmed. Errors: no_subscription, too_large, unsupported, unavailable …
  void publish(Request request);
  /// Gives up what this sender has waiting or unconfirmed.
  void drop(const void* sender, const Error& error);

  /// Answers a message of QoS 1 or 2 that is done with. In the order in which they came [MQTT-4.6.0-2].
  void settle(std::uint16_t id, std::uint8_t qos);

  void ping(Completion done) {
    if (lost_) return done(&*lost_);
    connection_->ping(std::move(done));
  }
  void when_written(UniqueFunction<void()> work) { connection_->when_written(std::move(work)); }
  /// Ends it; with `expiry` 0 the broker forgets it. What is unconfirmed fails with `closed`.
  void close(std::optional<std::uint32_t> expiry, TimePoint deadline, UniqueFunction<void()> done);

  void on_publish(const Publish& publish) override;
  void on_ack(const Ack& ack) override;
  void on_subscribed(const Subscribed& answer) override;
  void on_lost(const Error& error) override;

 private:
  struct Unconfirmed {
    Request request;
    std::optional<Error> verdict = std::nullopt;  ///< of PUBREC, told when the flow is through
  };

  void resume();
  std::uint16_t next_id();
  bool in_use(std::uint16_t id) const;
  void pump();
  void start(Request request);
  void start_once(Request&& request);
  template <class Use>
  void with_packet(const Request& request, std::uint16_t id, bool again, Use use);
  void write(const Request& request, std::uint16_t id, bool again);
  void check_size(const Request& request, std::uint16_t id);
  void confirm(std::uint16_t id, const Error* error);
  void on_pubrec(const Ack& ack);
  std::optional<Error> refusal(const Request& request, const Ack& ack) const;
  void answer(std::uint16_t id, Type type, Reason reason = Reason::success);
  void end(const Error& error);

  const std::shared_ptr<Context> context_;
  const Config config_;
  const std::weak_ptr<SessionEvents> events_;
  std::shared_ptr<SessionState> state_;
  std::shared_ptr<Connection> connection_;
  std::optional<Error> lost_;
  std::uint16_t last_id_ = 0;
  std::deque<Request> waiting_;
  std::unordered_map<std::uint16_t, Unconfirmed> unconfirmed_;  ///< of QoS 1 and 2, over this connection
  std::unordered_map<std::uint16_t, Completion> questions_;     ///< SUBSCRIBE and UNSUBSCRIBE
  bool pumping_ = false, awaits_kernel_ = false;
};

}  // namespace omnibus::mqtt
