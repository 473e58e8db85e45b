#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <omnibus/detail/handles.hpp>
#include <omnibus/log.hpp>

#include "core/connection.hpp"
#include "core/counter.hpp"
#include "core/held.hpp"
#include "core/ring.hpp"

namespace omnibus::detail {

class ConsumerCore;
class ProducerCore;

/// One life of the driver's consumer. An epoch numbers it: what arrives or is settled under another is old.
class Link final : public driver::Sink {
 public:
  Link(std::shared_ptr<ConsumerCore> core, std::uint64_t number) : epoch(number), core_(std::move(core)) {}
  void deliver(std::span<driver::Delivery> batch) noexcept override;
  void dropped(std::uint64_t count) noexcept override;
  void recreated() noexcept override;
  void failed(const Error& error) noexcept override;

  const std::uint64_t epoch;
  std::unique_ptr<driver::Consumer> consumer;

 private:
  const std::shared_ptr<ConsumerCore> core_;
};

/// One consumer above its driver: mailbox, credit, settling, the link. See README.md, "Consumer".
/// Threads: any.
class ConsumerCore final : public Closable, public std::enable_shared_from_this<ConsumerCore> {
 public:
  using Ready = UniqueFunction<void(const Error*, Envelope)>;

  /// Errors: ConfigError; what the driver reports; Error{unavailable} after the connect timeout.
  static std::shared_ptr<ConsumerCore> open(const std::shared_ptr<Connection>& connection,
                                            const QueueName& queue, std::string_view subscription,
                                            const schema::Type& type, ConsumerOptions options);
  ConsumerCore(std::shared_ptr<Connection> connection, const QueueName& queue, std::string_view subscription,
               const schema::Type& type, ConsumerOptions options);
  ~ConsumerCore() override;

  std::optional<Envelope> receive(Duration timeout);
  void receive_async(Ready ready);
  bool decode(const Envelope& envelope, void* value);
  void acknowledge(const Envelope& envelope);
  void acknowledge_async(const Envelope& envelope, Completion done);
  void negative_acknowledge(const Envelope& envelope, std::string_view reason);
  void negative_acknowledge_async(const Envelope& envelope, std::string_view reason, Completion done);
  void unsubscribe();
  ConsumerHandle::EndSettling acknowledge_in(driver::Transaction& transaction, const Envelope& envelope);

  void begin_close(TimePoint deadline) noexcept override;
  CloseReport close(Duration timeout) noexcept override;
  bool is_consumer() const noexcept override { return true; }

  const QueueName& queue() const noexcept { return queue_; }
  const std::string& subscription() const noexcept { return subscription_; }
  bool durable() const noexcept { return options_.lifetime == Lifetime::durable; }

 private:
  friend class Link;
  using Lock = std::unique_lock<std::mutex>;
  /// up: messages flow. lost: the driver's consumer failed and must be closed. waiting: for the next attempt.
  enum class State { connecting, up, lost, waiting, failed, closed };

  /// A call of receive_async that is served, and a completion that is due.
  struct Served {
    Ready ready;
    Envelope envelope;
    std::optional<Error> error;
  };
  struct Finished {
    Completion done;
    std::optional<Error> error;
  };
  /// A settling that a user waits for.
  struct Settling {
    Completion done;
    bool run_inline = false;  ///< `done` only wakes a waiting thread
    std::uint64_t epoch = 0, ticket = 0;
  };
  struct Ack {
    driver::AckId id;
    Settling settling;
    bool alone = false;  ///< failed in a batch whose error may have been another's
  };
  struct AckBatch {
    std::vector<driver::AckId> ids;
    std::vector<Ack> acks;
  };
  enum class Holding { ours, settled, stale };

  // Receiving
  void deliver(const Link& link, std::span<driver::Delivery> batch) noexcept;
  void accept(driver::Delivery& delivery);
  void dropped(std::uint64_t count) noexcept;
  void recreated() noexcept;
  Envelope take();
  void serve(Ready ready, Envelope envelope, std::optional<Error> error);
  void run_served();
  void fail_waiting(const Error& error);
  void forget(const Envelope& envelope);
  void clear_mailbox();
  void grant(Lock& lock);
  std::size_t grantable() const;
  void refuse_if_ended() const;
  Error down_error(std::string_view what) const;
  Error closed_error() const;
  Error stale_error() const;

  // Settling
  bool reachable(const Envelope& envelope) const;
  Holding hold(const Envelope& envelope);
  void acknowledge_held(Lock& lock, const Envelope& envelope, Settling settling);
  void settle_async(const Envelope& envelope, Settling settling);
  void give_back(const Envelope& envelope, std::string_view reason, Settling settling, bool may_block);
  void pump_acks(Lock& lock);
  std::shared_ptr<AckBatch> next_acks();
  void on_acked(const std::shared_ptr<AckBatch>& batch, const Error* error) noexcept;
  void nack(Lock& lock, const Envelope& envelope, Duration delay, Settling settling);
  void on_nacked(Settling settling, const Error* error) noexcept;
  void report(Lock& lock, Settling settling, const Error* error);
  void run_completions();
  void restore(const Settling& settling, const Error& error);
  void unacknowledged(const Ack& ack, const Error& error);
  void settle_later(const Error& error, UniqueFunction<void(ConsumerCore&)> settle);
  void fail_acks(Lock& lock, const Error& error);
  void end_joined(const Envelope& envelope, TransactionEnd how) noexcept;
  Duration redelivery_delay(std::uint32_t attempt) const;

  // Dead letters
  void dead_letter(const Envelope& envelope, const std::string& reason, Settling settling) noexcept;
  void after_copy(const Envelope& envelope, const std::string& reason, Settling settling,
                  const Error* error) noexcept;
  std::shared_ptr<ProducerCore> dead_letters();
  void move_to_dead_letters(const Envelope& envelope, Properties properties);
  void after_move(const Envelope& envelope, const std::string& reason, Settling settling) noexcept;
  std::string dying(const Envelope& envelope, const std::string& reason) const;
  void drop_dead_letters(Lock& lock, TimePoint deadline);

  // The link
  void connect();
  void connected(std::shared_ptr<Link> link, const Error* error,
                 std::unique_ptr<driver::Consumer> consumer) noexcept;
  void link_failed(const Link& link, const Error& error) noexcept;
  void lose_link(Lock& lock, const Error& error);
  void fail(Lock& lock, const Error& error);
  void retire(Lock& lock);
  void retired() noexcept;
  void schedule_connect();
  void log_later(log::Level level, std::string text) const;
  std::string described() const;

  // Closing
  void maybe_end(Lock& lock);
  void end(Lock& lock);
  void end_driver(Lock& lock);

  const std::shared_ptr<Connection> connection_;
  const QueueName queue_;
  const std::string subscription_;
  const schema::Type& type_;
  const ConsumerOptions options_;
  const bool tracked_;  ///< q1, q2: deliveries are settled
  const Labels labels_;
  LazyCounter received_{"omnibus_received", "Messages received"};
  LazyCounter acked_{"omnibus_acked", "Messages acknowledged"};
  LazyCounter nacked_{"omnibus_nacked", "Messages given back"};
  LazyCounter redelivered_{"omnibus_redelivered", "Messages received that were delivered before"};
  LazyCounter dead_lettered_{"omnibus_dead_lettered", "Messages moved to the dead letter queue"};
  LazyCounter dead_letter_errors_{"omnibus_dead_letter_errors",
                                  "Messages that could not be moved to the dead letter queue"};
  LazyCounter dropped_{"omnibus_dropped", "Best-effort messages lost here"};
  LazyCounter decode_errors_{"omnibus_decode_errors", "Messages that are not of the expected type"};
  LazyCounter recreated_{"omnibus_subscriptions_recreated",
                         "Subscriptions made again after somebody else removed them"};
  LazyCounter reconnects_{"omnibus_reconnects", "Links made again after a loss"};

  mutable std::mutex mutex_;  ///< guards everything below
  std::condition_variable arrived_, changed_;
  State state_ = State::connecting;
  bool opened_ = false;
  std::optional<Error> reason_;
  std::optional<Error> early_failure_;  ///< of a link whose creation has not completed yet
  std::uint32_t attempts_ = 0;          ///< to get the link back
  std::uint64_t epoch_ = 1;
  std::shared_ptr<Link> link_, retiring_;
  std::shared_ptr<ProducerCore> dead_;
  bool dead_ready_ = false;  ///< its subscription is there

  Ring<Envelope> mailbox_;
  Ring<Ready> waiting_;
  Ring<Served> served_;
  std::size_t handlers_ = 0;  ///< calls of receive_async served and not yet returned
  Held held_;
  AttemptBook book_;
  std::size_t credit_ = 0;     ///< granted and not yet used
  std::size_t unsettled_ = 0;  ///< delivered under this epoch and still counting against the window
  std::size_t message_size_ = 0;
  bool granting_ = false, grant_again_ = false, joined_ = false;
  TimePoint drop_logged_{};
  std::uint64_t drops_unlogged_ = 0;

  Ring<Ack> acks_;             ///< not yet handed to the driver
  std::size_t ack_calls_ = 0;  ///< batches that the driver holds
  std::size_t settling_ = 0;   ///< acknowledgements, nacks and dead letters under way
  bool pumping_acks_ = false, acks_expired_ = false;
  std::vector<std::shared_ptr<AckBatch>> batches_;  ///< those the driver holds
  std::shared_ptr<AckBatch> spare_batch_;           ///< for the next, with its memory
  std::vector<Finished> finished_, running_;
  bool completing_ = false;
  std::vector<std::unique_ptr<driver::Decoder>> decoders_;

  bool closing_ = false, ended_ = false, closed_ = false;
  TimePoint close_deadline_ = TimePoint::max();
  std::uint64_t close_token_ = 0;  ///< ends it at the deadline, keeps it alive until its end
  CloseReport report_;
};

}  // namespace omnibus::detail
