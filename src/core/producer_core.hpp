#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <omnibus/log.hpp>

#include "core/connection.hpp"
#include "core/counter.hpp"
#include "core/slot_pool.hpp"

namespace omnibus::detail {

/// One producer above its driver: the window, the order, the link. See README.md, "Producer".
///
/// A message is encoded into a slot on the caller's thread, joins the window (a list in order of sending) and
/// is handed to the driver by whichever thread finds nobody else doing so (`pump`). A slot stays in the
/// window until its completion ran; after the loss of the link what is left in it is handed over again, in
/// order, with its sequences. Threads: any.
class ProducerCore final : public Closable, public std::enable_shared_from_this<ProducerCore> {
 public:
  /// Errors: ConfigError; what the driver reports; Error{unavailable} after the connect timeout.
  static std::shared_ptr<ProducerCore> open(const std::shared_ptr<Connection>& connection,
                                            const QueueName& queue, const schema::Type* type,
                                            ProducerOptions options);
  ProducerCore(std::shared_ptr<Connection> connection, const QueueName& queue, const schema::Type* type,
               ProducerOptions options);

  void send(const void* value, const SendOptions& options);
  void send_async(const void* value, const SendOptions& options, Completion done);
  /// Sends bytes that are encoded already; reserved properties pass. `done` runs inline.
  void send_copy(std::string_view payload, const Properties& properties, std::string_view key,
                 Completion done);
  void flush(Duration timeout);

  void begin_close(TimePoint deadline) noexcept override;
  CloseReport close(Duration timeout) noexcept override;
  bool is_consumer() const noexcept override { return false; }

  const QueueName& queue() const noexcept { return queue_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  /// up: messages flow. lost: the driver producer failed and must be closed. waiting: for the next attempt.
  enum class State { connecting, up, lost, waiting, failed, closed };

  /// A user's completion that is due.
  struct Finished {
    Completion done;
    std::optional<Error> error;
    bool run_inline = false;
  };

  // Sending
  Slot* lend();
  void give_back(Slot* slot) noexcept;
  Slot* encoded(const void* value, const SendOptions& options);
  void encode(Slot* slot, const void* value, const SendOptions& options);
  bool send_at_once(const void* value, const SendOptions& options, Completion& done, bool sync);
  void queue_first(Lock& lock, Slot* slot, const SendOptions& options);
  void refuse_from_inside() const;
  void number(Slot* slot, const SendOptions& options);
  static void fill(Slot* slot, const SendOptions& options);
  void check_size(const Slot& slot) const;
  bool has_room(const Slot& slot) const noexcept;
  void submit(Slot* slot, const SendOptions& options);
  void wait_for_room(Lock& lock, const Slot& slot);
  void refuse_if_ended() const;
  void enqueue(Slot* slot, const SendOptions& options);
  void pump(Lock& lock);
  void stop_pumping(Lock& lock);
  void gather();
  void on_sent(Slot* slot, const Error* error) noexcept;
  void settle(Lock& lock, Slot* slot, const Error* error);
  Finished finish(Slot* slot, const Error* error);
  void unlink(Slot* slot);
  std::vector<Finished> take_unsent(const Error& error);
  void report(Lock& lock, std::vector<Finished> finished);
  void report(Lock& lock, Finished finished);
  void run_completions();
  void arm_linger();
  void arm_expiry(TimePoint deadline);
  void expire();
  Error late_error(std::string_view what) const;

  // The link
  void connect();
  void connected(const Error* error, std::unique_ptr<driver::Producer> producer) noexcept;
  void lose_link(Lock& lock, const Error& error);
  void fail(Lock& lock, const Error& error);
  void retire(Lock& lock);
  void retired() noexcept;
  void schedule_connect();
  void log_later(log::Level level, std::string text) const;

  // Closing
  void maybe_end(Lock& lock);
  void end(Lock& lock);
  void end_driver(Lock& lock);
  void give_up_waiting(Lock& lock);

  const std::shared_ptr<Connection> connection_;
  const QueueName queue_;
  const schema::Type* const type_;  ///< null for copies only
  const ProducerOptions options_;
  const std::string name_;
  const Labels labels_;
  const bool at_once_;  ///< worth asking the driver's send_at_once
  LazyCounter sent_{"omnibus_sent", "Messages confirmed by the broker"};
  LazyCounter reconnects_{"omnibus_reconnects", "Links made again after a loss"};

  mutable std::mutex mutex_;  ///< guards everything below
  std::condition_variable room_, drained_, changed_;
  State state_ = State::connecting;
  bool opened_ = false;          ///< the first link came up: later losses are repaired
  std::optional<Error> reason_;  ///< why the link is down or the producer failed
  std::uint32_t attempts_ = 0;   ///< to get the link back
  std::unique_ptr<driver::Producer> driver_;
  std::shared_ptr<driver::Producer> retiring_;  ///< being closed
  SlotPool slots_;

  SlotList window_;
  Slot* first_pending_ = nullptr;  ///< the first in the window that the driver does not hold
  std::size_t pending_ = 0, bytes_ = 0;
  std::uint64_t last_ticket_ = 0, last_sequence_ = 0;
  std::size_t flushers_ = 0;
  std::uint64_t flush_target_ = 0;          ///< the lowest ticket that a flush() waits for
  std::vector<driver::SendRequest> batch_;  ///< belongs to the thread that pumps
  bool pumping_ = false, flush_wanted_ = false, linger_armed_ = false;
  std::uint64_t expiry_token_ = 0;
  TimePoint expiry_at_ = TimePoint::max();

  std::vector<Finished> finished_, running_;  ///< completions due on the pool, and those being run
  bool completing_ = false;
  std::optional<Error> first_failure_;

  bool closing_ = false, ended_ = false, closed_ = false;
  TimePoint close_deadline_ = TimePoint::max();
  std::uint64_t close_token_ = 0;  ///< ends it at the deadline, keeps it alive until its end
  CloseReport report_;
};

/// Whether a failed send means that the producer itself is of no use any more.
bool ends_producer(const Error& error) noexcept;

}  // namespace omnibus::detail
