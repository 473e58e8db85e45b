#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "backends/pulsar/session.hpp"

namespace omnibus::pulsar {

/// Names a transaction of the coordinator.
struct TransactionId {
  std::uint64_t most = 0, least = 0;
};

/// One message to send.
struct Sending {
  const driver::Outgoing* message = nullptr;
  Completion done = {};
  std::optional<TransactionId> transaction = std::nullopt;
};

/// The producer of one topic that is no collection of partitions. Sends in order; with batching, what comes
/// while something is unconfirmed gathers until a batch is full, or pump(true). One message larger than the
/// broker takes goes in chunks. A producer that lost its link is dead: all that is unconfirmed and all that
/// comes later fails, so that nothing overtakes. Threads: the loop's only.
class TopicProducer final : public ProducerEvents, public std::enable_shared_from_this<TopicProducer> {
 public:
  struct Config {
    std::string topic;
    std::string name;
    bool best_effort = false;
    bool batching = false;
    bool transactional = false;  ///< its messages are numbered here, all belong to transactions
    proto::CompressionType compression = proto::NONE;
    std::string schema_name = {}, schema = {};  ///< to register; empty: bytes
  };
  using Opened = driver::Result<std::shared_ptr<TopicProducer>>;

  static void open(std::shared_ptr<Session> session, Config config, Opened opened);
  TopicProducer(std::shared_ptr<Session> session, Config config);

  static constexpr std::size_t batch_bytes = std::size_t{128} << 10;
  static constexpr std::size_t batch_messages = 1000;

  /// Runs whenever something was confirmed, in place of pump().
  void on_progress(UniqueFunction<void()> refill) { refill_ = std::move(refill); }
  void send(Sending sending);
  /// Writes what send() gathered; a batch that may still grow only `now`.
  void pump(bool now = false);
  /// Whether messages gather: something is unconfirmed, and nobody waits for all of it.
  bool gathers() const noexcept {
    return config_.batching && !dead_ && !closing_ && !pending_.empty() && flushes_.empty();
  }
  void flush(Completion done);
  void close(TimePoint deadline, Completion done);

  bool dead() const noexcept { return dead_.has_value(); }
  std::size_t max_message_size() const noexcept { return connection_->max_message_size(); }

 private:
  /// One frame, or the chunks of one message, that the broker has not confirmed.
  struct Operation {
    std::uint64_t sequence = 0;
    std::size_t number = 0;  ///< counts operations
    std::size_t receipts = 1;
    std::size_t bytes = 0;
    std::vector<Completion> done = {};
  };
  struct Queued {
    Sending sending;
    std::size_t size;
  };
  struct Flush {
    std::size_t up_to;
    Completion done;
  };

  void register_with(const std::shared_ptr<Connection>& connection, Opened opened);
  bool throttled() const noexcept;
  bool full() const noexcept;
  std::size_t batch_limit() const noexcept;
  std::size_t group() const;
  bool joins(const driver::Outgoing& before, const driver::Outgoing& next) const;
  void write_batch(std::size_t count);
  void write_single();
  void write_chunks(std::string_view payload, std::size_t chunk_size, Operation& operation);
  void write_frame(std::uint64_t first, std::uint64_t last, std::size_t count, std::string_view payload);
  void fill_command(std::uint64_t first, std::uint64_t last, std::size_t count);
  void refuse_first(const Error& error);
  void prepare(std::uint64_t sequence, std::size_t payload_size);
  Operation& begin_operation(std::uint64_t sequence);
  void take_first(Operation& operation);
  void go_on();
  void finish(const std::deque<Operation>::iterator& operation, const Error* error);
  void check_flushes();
  void die(const Error& error);
  void maybe_close();
  void tell_closed();
  void end();

  void on_receipt(const proto::CommandSendReceipt& receipt) override;
  void on_send_error(const proto::CommandSendError& error) override;
  void on_lost(const Error& error) override;

  const std::shared_ptr<Session> session_;
  const Config config_;
  std::shared_ptr<Connection> connection_;
  std::uint64_t id_ = 0;
  std::string schema_version_;      ///< as the broker names it
  std::int64_t last_pushed_ = -1;   ///< the highest sequence that the broker was given under this name
  std::uint64_t own_sequence_ = 0;  ///< of messages in transactions
  std::optional<Error> dead_;
  UniqueFunction<void()> refill_;
  std::deque<Queued> queue_;
  std::deque<Operation> pending_;
  std::size_t queued_bytes_ = 0, pending_bytes_ = 0;
  std::size_t operations_ = 0;
  std::vector<Flush> flushes_;
  wire::Timer close_timer_;
  Completion closed_;
  bool closing_ = false, told_ = false;
  // Reused, because each send needs them.
  proto::BaseCommand command_;
  proto::MessageMetadata metadata_;
  std::string batch_;
};

}  // namespace omnibus::pulsar
