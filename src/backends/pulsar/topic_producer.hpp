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

/// The producer of one topic that is no collection of partitions. Sends in order, several messages of one
/// turn as a batch, one larger than the broker takes in chunks. A producer that lost its link is dead: all
/// that is unconfirmed and all that comes later fails, so that nothing overtakes. Threads: the loop's only.
class TopicProducer final : public ProducerEvents, public std::enable_shared_from_this<TopicProducer> {
 public:
  struct Config {
    std::string topic;
    std::string name;
    bool best_effort = false;
    bool batching = false;
    bool transactional = false;  ///< its messages are numbered here, all belong to transactions
    proto::CompressionType compression = proto::NONE;
  };
  using Opened = driver::Result<std::shared_ptr<TopicProducer>>;

  static void open(std::shared_ptr<Session> session, Config config, Opened opened);
  TopicProducer(std::shared_ptr<Session> session, Config config);

  void send(Sending sending);
  /// Writes what send() gathered.
  void pump();
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
    std::vector<Completion> done = {};
  };
  struct Flush {
    std::size_t up_to;
    Completion done;
  };

  void register_with(const std::shared_ptr<Connection>& connection, Opened opened);
  std::size_t group() const;
  bool joins(const driver::Outgoing& before, const driver::Outgoing& next) const;
  void write_batch(std::size_t count);
  void write_single();
  void write_chunks(std::string_view payload, std::size_t chunk_size, Operation& operation);
  void write_frame(std::uint64_t first, std::uint64_t last, std::size_t count, std::string_view payload);
  void prepare(std::uint64_t sequence, std::size_t payload_size);
  Operation& begin_operation(std::uint64_t sequence);
  void finish(std::deque<Operation>::iterator operation, const Error* error);
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
  std::int64_t last_pushed_ = -1;   ///< the highest sequence that the broker was given under this name
  std::uint64_t own_sequence_ = 0;  ///< of messages in transactions
  std::optional<Error> dead_;
  std::deque<Sending> queue_;
  std::deque<Operation> pending_;
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
