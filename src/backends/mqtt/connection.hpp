#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <omnibus/driver.hpp>

#include "backends/mqtt/context.hpp"
#include "backends/mqtt/packet.hpp"
#include "wire/stream.hpp"

namespace omnibus::mqtt {

/// What the broker said about itself and the session.
struct Terms {
  bool session_present = false;
  std::uint16_t receive_maximum = 0xffff;  ///< most PUBLISH of QoS 1 and 2 that may be unacknowledged
  std::size_t maximum_packet = 0;          ///< bytes of a whole packet
  std::uint16_t topic_aliases = 0;
  std::uint8_t maximum_qos = 2;
  bool retain = true, shared = true, wildcards = true;
};

/// What comes over a connection.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  virtual void on_publish(const Publish& publish) = 0;
  virtual void on_ack(const Ack& ack) = 0;
  virtual void on_subscribed(const Subscribed& answer) = 0;
  /// It is gone; nothing follows.
  virtual void on_lost(const Error& error) = 0;
};

/// One network connection to the broker: CONNECT and its answer, keep-alive, packets in and out, topic
/// aliases. It ends once. Threads: the loop's only.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  struct LastWord {
    std::string topic, payload;  ///< published, retained, when the connection breaks
  };
  struct Config {
    std::string client_id;
    bool clean_start = false;
    std::uint32_t session_expiry = 0;  ///< seconds; the largest: never
    std::uint16_t receive_maximum = 0xffff;
    std::optional<LastWord> will = std::nullopt;
  };
  using Opened = driver::Result<std::shared_ptr<Connection>>;

  /// Completes once the broker has accepted, or with why not, later, on the loop. Errors: unavailable,
  /// authentication, forbidden, unsupported (the version), protocol …
  static void open(const std::shared_ptr<Context>& context, Config config,
                   const std::weak_ptr<ConnectionEvents>& events, Opened opened);
  Connection(std::shared_ptr<Context> context, Config config, std::weak_ptr<ConnectionEvents> events);
  ~Connection();

  const Terms& terms() const noexcept { return terms_; }
  const Config& config() const noexcept { return config_; }
  bool up() const noexcept { return state_ == State::up; }

  void send(const Packet& packet);
  void send(const Ack& ack);
  /// The topic may be replaced by its alias. Errors: too_large, before anything is written.
  void send(Publish publish);
  /// Errors: too_large.
  void check(const Publish& publish) const;
  /// Completes once the broker has answered what was sent before. Errors: why the connection ended.
  void ping(Completion done);
  std::size_t queued() const noexcept { return stream_ ? stream_->queued() : 0; }
  void when_written(UniqueFunction<void()> work);

  /// Says DISCONNECT and ends; `done` runs when the broker has read it, at the latest at `deadline` or soon
  /// after. `expiry` replaces the session's (MQTT 5).
  void close(std::optional<std::uint32_t> expiry, TimePoint deadline, UniqueFunction<void()> done);
  /// Ends it at once, without a word, unless `reason` is one of failure.
  void abort(const Error& error, Reason reason = Reason::success);

 private:
  enum class State { opening, up, closed };

  void begin(Opened opened);
  void greet();
  std::size_t received(std::string_view bytes);
  void handle(const Frame& frame);
  void handle(const Connack& answer);
  void handle(const Disconnect& farewell);
  void redirect(Reason reason, const PacketProperties& properties, const std::string& what);
  void part(const Disconnect& farewell, const Error& why, TimePoint deadline, UniqueFunction<void()> done);
  void fail_pings(const Error& why);
  void try_another();
  void finish_opening(const Error* error);
  void keep_alive();
  void lose(const Error& error);
  void finish_closing();

  const std::shared_ptr<Context> context_;
  const Config config_;
  const std::weak_ptr<ConnectionEvents> events_;
  wire::Address address_;
  std::string peer_;
  State state_ = State::opening;
  Opened opened_;
  std::shared_ptr<Connection> opening_;  ///< itself, while nobody else owns it
  std::unique_ptr<wire::Stream> stream_;
  wire::Timer greeting_timer_, alive_timer_, farewell_timer_;
  Terms terms_;
  Duration alive_interval_ = Duration::zero();
  bool heard_ = false, spoke_ = false;
  TimePoint last_heard_;
  UniqueFunction<void()> farewell_;  ///< set while DISCONNECT is on its way
  std::deque<Completion> pings_;
  std::unordered_map<std::string, std::uint16_t> aliases_;
  std::string scratch_;
};

}  // namespace omnibus::mqtt
