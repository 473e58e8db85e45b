#pragma once

/// Ties a State to its Journal and to the local producers and consumers: takes decisions under one lock,
/// hands messages out, and talks to Sinks and completions without it.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <span>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <omnibus/driver.hpp>

#include "backends/embedded/alarm.hpp"
#include "backends/embedded/gate.hpp"
#include "backends/embedded/inline_queue.hpp"
#include "backends/embedded/journal.hpp"
#include "backends/embedded/port.hpp"
#include "backends/embedded/scratch.hpp"
#include "backends/embedded/waiting.hpp"

namespace omnibus::embedded {

/// Bodies beyond it are refused.
inline constexpr std::size_t max_message_size = std::size_t{100} << 20;

struct EngineOptions {
  Limits limits;
  std::function<Millis()> now;  ///< wall clock
};

/// Threads: any thread for every call. Functions without a Completion throw Error.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(std::unique_ptr<Journal> journal, EngineOptions options);
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Timers run on one of the hosts given.
  void add_host(driver::Host& host);
  void remove_host(driver::Host& host);

  /// Goes on when other processes commit or end. Call it once, after the construction.
  void start();
  /// Leaves the store: everything local is detached, what was sent is confirmed, and every later call fails
  /// with ErrorCode::closed. Waits for calls that are going on, so never call it from one.
  void stop() noexcept;

  /// Errors: conflict when the user's name is in use on this queue.
  ProducerId open_producer(const driver::ProducerConfig& config);
  void close_producer(ProducerId id);
  /// Completes each request once.
  void publish(const OutletPtr& outlet, std::span<driver::SendRequest> batch);
  /// Completes when everything committed before is durable. Errors go to `done`.
  void flush(Completion done);

  /// In memory: who handles a best-effort queue on the sender's thread. Null in a directory, where senders
  /// may be other processes.
  std::shared_ptr<InlineQueue> inline_queue(const QueueName& queue);

  /// Errors: conflict for another sharing mode or a second exclusive consumer.
  PortPtr open_consumer(const driver::ConsumerConfig& config, driver::Sink& sink);
  void request(const PortPtr& port, std::size_t credit);
  void acknowledge(const PortPtr& port, std::span<const driver::AckId> ids, Completion done);
  void give_back(const PortPtr& port, std::span<const driver::AckId> ids, Duration delay, Completion done);
  /// Ends the port; `done` runs when no thread calls its Sink any more.
  void close(const PortPtr& port, Completion done);
  /// Removes its subscription.
  void unsubscribe(const PortPtr& port, Completion done);

  /// What a transaction has gathered.
  struct Transacted {
    struct Output {
      QueueName queue;
      Content content;
      std::uint64_t cost = 0;  ///< against retention and limits
      Duration delay = Duration::zero();
      std::uint64_t key_hash = 0;
    };
    struct Acknowledged {
      PortPtr port;
      std::vector<driver::AckId> ids;
    };
    std::vector<Output> outputs;
    std::vector<Acknowledged> acknowledged;
  };
  /// Stores the message's bytes, its body in a file of its own when asked. Errors: no_space, io.
  Transacted::Output keep(const QueueName& queue, const driver::Outgoing& message, bool apart);
  /// Makes all of it history in one frame. Errors, to `done`, nothing has happened then: stale_ack when a
  /// delivery is not held any more, too_large, no_space, io.
  void transact(Transacted work, Completion done);
  /// Forgets what keep() stored.
  void abandon(const Transacted& work) noexcept;

  /// Copies messages to the end of the log, as far as they are still kept and lie in a segment up to `last`.
  /// What is damaged becomes a mark that it is lost; returns how many do. Errors: unavailable, no_space, io.
  std::size_t copy_forward(std::span<const Stored> messages, std::uint64_t last, const Reread& read);
  /// Appends a frame that changes nothing, so that a checkpoint newer than the newest can be written.
  void append_nothing();

  void create_subscription(const QueueName& queue, std::string_view name, Position position);
  void remove_subscription(const QueueName& queue, std::string_view name);
  driver::QueueStatistics statistics(const QueueName& queue);

 protected:
  /// What is left to do once the lock is free.
  struct Aftermath {
    struct Settled {
      Completion done;
      std::optional<Error> error;
    };
    Scratch<PortPtr> ports;
    Served served;                      ///< to complete: at once, or when `mark` is durable
    std::vector<Settled> settled;       ///< to complete at once
    std::vector<Completion> confirmed;  ///< to complete when `mark` is durable
    std::uint64_t mark = 0;
    std::vector<std::uint64_t> blobs;
    std::optional<Millis> alarm;
    std::vector<SubscriptionId> postponed;  ///< need the commit section
  };

  /// Runs `decide` in the commit section, hands out what became available, and does the rest without the
  /// lock. Errors: those of Journal::enter, and what `decide` throws, after handing out all the same.
  template <class Decide>
  void run(Decide&& decide);
  /// The same without the commit section, for best effort and for looking: `decide` must not throw. What
  /// turns out to need the section gets it afterwards.
  template <class Decide>
  void run_outside(Decide&& decide);

 private:
  struct Local {  ///< what this process has of one subscription
    std::vector<PortPtr> ports;
    std::deque<PortPtr> hungry;
  };
  class Serving;
  class Transacting;

  /// Leaves something for whoever serves; serves when nobody does.
  template <class Put>
  void submit(Put&& put);
  void serve(bool durable);
  void serve_waiting(Aftermath& after);
  void refuse_waiting(const Error& error, bool durable);
  static void refuse(Waiting& work, const Error& error);
  /// What needs the commit section, what does not, or both.
  void take_waiting(Served& served, bool durable, bool other);
  void take_requests(const Waiting& work);
  void commit(Record record);
  void commit(std::span<Record> records);
  void commit(std::vector<Record> records) { commit(std::span(records)); }
  /// For what later frames build on: one copy that is damaged must not take all of them with it.
  void commit_twice(const Record& record);
  void distribute(Aftermath& after);
  void take_effects(Aftermath& after);
  bool may_hand_out(SubscriptionId id, Aftermath& after);
  void hand_out(SubscriptionId id, Aftermath& after);
  bool serve(const Subscription& subscription, const PortPtr& port, std::size_t most, Aftermath& after);
  /// For a message that comes from a checkpoint. False when it is damaged, and lost.
  bool find_bytes(Content& content);
  /// Settles what is lost instead of handing it out.
  void leave_out_lost(const Subscription& subscription, std::vector<Handover>& items);
  void feed(const PortPtr& port);
  std::size_t room(const Port& port) const;
  void watch_time(SubscriptionId id, Aftermath& after);
  void trim_grown();
  void retry_later(SubscriptionId id, Aftermath& after);
  static void ring_at(Millis due, Aftermath& after);
  /// The end of an own producer or consumer could not be written: tries again.
  void owe(Record end, Aftermath& after);
  /// Writes the ends that are owed. Errors: as Journal::commit, the rest is owed still.
  void write_ends();
  void write_ends_or_later(Aftermath& after) noexcept;
  void conclude(Aftermath& after);
  static void complete(Waiting::Send& send, bool now, Aftermath& after);
  void complete_served(Aftermath& after);
  static bool take_out(Port& port);
  static void begin_pumping(Aftermath& after);
  void drain(const PortPtr& port);
  void load(const PortPtr& port, const Handover& handover, std::vector<driver::Delivery>& batch);
  void ring();
  void follow();
  /// Warns of what failed; false once the Bus is closed, when there is nothing left to try.
  static bool tries_again(std::string_view what, const Error& error);
  Journal::Listener listener();
  void tidy();
  void hand_out_later(std::span<const SubscriptionId> subscriptions);
  void remove_dead(OwnerId owner);
  void reap(std::span<const ConsumerId> consumers);
  [[noreturn]] static void throw_closed();

  QueueId ensure_queue(const QueueName& name);
  SubscriptionId ensure_subscription(QueueId queue, std::string_view name, Position position,
                                     Lifetime lifetime, Duration expiry);
  void check_attach(const Subscription& subscription, const driver::ConsumerConfig& config) const;
  void publish_after(const Transacted& work);
  void forget(const PortPtr& port, Aftermath& after);
  /// Whether `bytes` more are too many, after `added` others that are not in the state yet.
  std::optional<Error> over_limit(const Queue& queue, std::uint64_t added, std::uint64_t bytes) const;
  using Held = std::vector<std::pair<SubscriptionId, Sequence>>;
  /// Appends those of the ids that are held; tells whether some were stale.
  std::optional<Error> find_held(const Port& port, std::span<const driver::AckId> ids, Held& held) const;
  /// Adds to frame_ a record of `make` for each subscription, with its sequences of `held`.
  template <class Make>
  void add_records(Held& held, Make&& make);
  void clear_frame();
  /// Memory for the sequences of a record, and back.
  std::vector<Sequence> borrow_sequences();
  void keep_sequences(std::vector<Sequence> memory);
  bool may_have_messages(const Port& port) const;

  const std::unique_ptr<Journal> journal_;
  const EngineOptions options_;
  const std::shared_ptr<Alarm> alarm_;
  Gate gate_;
  InlineQueues inline_queues_;

  std::mutex waiting_mutex_;  ///< guards what follows; taken last, for moments
  Waiting waiting_;
  std::thread::id server_ = {};  ///< does what waits, until nothing does
  bool tired_ = false;           ///< it did so for long: the next takes over

  std::mutex mutex_;  ///< guards what follows and all Ports
  Millis now_ = 0;    ///< of the step under way: what it decides, hands out and watches agree on the time
  State state_;
  Effects effects_;
  std::vector<SubscriptionId> ready_, timed_;  ///< what distribute() works on
  std::unordered_map<SubscriptionId, Local> locals_;
  std::unordered_map<ConsumerId, PortPtr> ports_;
  std::uint64_t round_ = 0;  ///< of serving
  Held held_;
  std::vector<Record> frame_;
  std::vector<Record> owed_;  ///< ends of own producers and consumers
  std::vector<std::vector<Sequence>> spare_sequences_;
  using Due = std::pair<Millis, SubscriptionId>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> dues_;
  std::unordered_map<SubscriptionId, Millis> earliest_;  ///< of dues_, to add only what is earlier
};

/// `tenant/namespace/queue`, without the quality of service: q1 and q2 of one name are one queue.
std::string store_name(const QueueName& queue);

}  // namespace omnibus::embedded
