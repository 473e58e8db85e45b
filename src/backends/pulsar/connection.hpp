#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <omnibus/driver.hpp>

#include "backends/pulsar/frame.hpp"
#include "backends/pulsar/parameters.hpp"
#include "wire/stream.hpp"

namespace omnibus::pulsar {

/// What a connection tells a producer.
class ProducerEvents {
 public:
  virtual ~ProducerEvents() = default;
  virtual void on_receipt(const proto::CommandSendReceipt& receipt) = 0;
  virtual void on_send_error(const proto::CommandSendError& error) = 0;
  /// The connection or the broker's side of the producer is gone; nothing follows.
  virtual void on_lost(const Error& error) = 0;
};

/// What a connection tells a consumer.
class ConsumerEvents {
 public:
  virtual ~ConsumerEvents() = default;
  virtual void on_message(const proto::CommandMessage& command, const Frame::Message& message) = 0;
  virtual void on_lost(const Error& error) = 0;
};

/// One connection to one broker: greeting, requests and their answers, keep-alive, and who gets what comes
/// unasked. It ends once; the session makes another.
/// Threads: the loop's only.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using Opened = driver::Result<std::shared_ptr<Connection>>;
  using Reply = UniqueFunction<void(const Error*, const proto::BaseCommand&)>;

  /// Where a broker is: what is connected to and, when that passes on, the broker meant.
  struct Place {
    wire::Address address;
    std::optional<wire::Address> broker = std::nullopt;
    // NOLINTNEXTLINE(modernize-use-nullptr): it mistakes the zero inside a default <=> for a pointer
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  /// Completes once the broker has greeted back, or it is closed. Errors: unavailable, authentication,
  /// protocol.
  static std::weak_ptr<Connection> open(wire::Loop& loop, const Parameters& parameters, const Place& place,
                                        Opened opened);
  Connection(wire::Loop& loop, const Parameters& parameters, Place place);

  bool up() const noexcept { return state_ == State::up; }
  const wire::Address& address() const noexcept { return place_.address; }
  std::size_t max_message_size() const noexcept { return max_message_size_; }

  /// A number for a request, a producer or a consumer that this connection has not used.
  std::uint64_t next_id() noexcept { return ++last_id_; }
  /// Sends a command that holds the request id `id`; `what` names it in errors. The reply runs once: with the
  /// answer, the broker's error, or the loss of the connection. `consumer`: brokers leave unanswered what
  /// comes for a consumer that they have closed; the reply runs then.
  void request(const proto::BaseCommand& command, std::uint64_t id, std::string what, Reply reply,
               std::uint64_t consumer = 0);
  void send(const proto::BaseCommand& command);
  /// Sends whole frames.
  void send(std::string&& frames);

  void add_producer(std::uint64_t id, std::shared_ptr<ProducerEvents> events);
  void remove_producer(std::uint64_t id) { producers_.erase(id); }
  void add_consumer(std::uint64_t id, std::shared_ptr<ConsumerEvents> events);
  void remove_consumer(std::uint64_t id) { consumers_.erase(id); }

  /// Ends it. What waits for an answer gets `reason`, and so do its producers and consumers.
  void close(const Error& reason);

 private:
  enum class State { opening, up, closed };
  struct Pending {
    std::string what;
    Reply reply;
    TimePoint deadline;
    std::uint64_t consumer;
  };

  void begin(const Parameters& parameters, Opened opened);
  void greet(const std::string& token, bool has_token);
  std::size_t received(std::string_view bytes);
  void handle(const Frame& frame);
  void handle_answer(const proto::BaseCommand& command);
  void handle_error(const proto::CommandError& error);
  void handle_message(const Frame& frame);
  void on_connected(const proto::CommandConnected& connected);
  void on_challenge();
  void answer(std::uint64_t id, const Error* error, const proto::BaseCommand& command);
  void fail_answer(std::uint64_t id, proto::ServerError code, const std::string& message,
                   const proto::BaseCommand& command);
  void lose_producer(std::uint64_t id);
  void lose_consumer(std::uint64_t id);
  void finish_opening(const Error* error);
  void arm_expiry();
  void keep_alive();

  wire::Loop& loop_;
  const Parameters& parameters_;
  const Place place_;
  const std::string peer_;
  State state_ = State::opening;
  Opened opened_;
  std::shared_ptr<Connection> opening_;  ///< itself, until somebody else owns it
  std::unique_ptr<wire::Stream> stream_;
  wire::Timer greeting_timer_, expiry_timer_, alive_timer_;
  std::size_t max_message_size_ = default_max_message_size;
  std::uint64_t last_id_ = 0;
  bool heard_ = false, pinged_ = false;
  std::map<std::uint64_t, Pending> pending_;  ///< by id, which is by age
  std::unordered_map<std::uint64_t, std::shared_ptr<ProducerEvents>> producers_;
  std::unordered_map<std::uint64_t, std::shared_ptr<ConsumerEvents>> consumers_;
  std::string scratch_;
};

}  // namespace omnibus::pulsar
