#pragma once

/// The replicated state machine: queues, producers, subscriptions, consumers, leases. Deterministic and
/// without I/O or clock; it changes only by apply(). Choosing what to do is decide.hpp. Threads: none of its
/// own; the Engine's lock guards it.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/embedded/messages.hpp"
#include "backends/embedded/records.hpp"
#include "backends/embedded/sequence_map.hpp"

namespace omnibus::embedded {

/// A best-effort subscription keeps at most this much for a slow consumer; the oldest goes first. Constants,
/// as all processes of a store must agree.
inline constexpr std::uint64_t best_effort_messages = 8192;
inline constexpr std::uint64_t best_effort_bytes = 256u << 20;

/// What all queues of one `tenant/namespace` keep together.
struct Space {
  std::string name;
  std::uint64_t settled_bytes = 0;  ///< of messages that no subscription waits for: history
  std::uint64_t pending_bytes = 0;  ///< of the others

  /// Messages of one queue that were settled one after the other.
  struct Run {
    QueueId queue = 0;
    Sequence first = 0;
    std::uint64_t count = 0;
  };
  /// History, oldest first. A message in it is void when it is gone or waited for again.
  std::deque<Run> history;

  void remember(QueueId queue, Sequence sequence) {
    if (!history.empty() && history.back().queue == queue &&
        history.back().first + history.back().count == sequence) {
      ++history.back().count;
    } else {
      history.push_back({queue, sequence, 1});
    }
  }
};

struct Queue {
  QueueId id = 0;
  bool best_effort = false;
  std::string name;
  Space* space = nullptr;
  Messages messages;
  std::map<std::string, SubscriptionId, std::less<>> subscriptions;
  std::map<std::string, ProducerId, std::less<>> producers;
};

struct Producer {
  ProducerId id = 0;
  QueueId queue = 0;
  std::string name;
  bool named = false;
  OwnerId owner = 0;       ///< 0: not open
  std::uint64_t last = 0;  ///< highest sequence stored
};

/// A message that a subscription has seen and not settled.
struct Outstanding {
  enum class Phase : std::uint8_t {
    leased,    ///< a consumer works on it
    returned,  ///< waits until `when`
    blocked    ///< waits for an earlier message of its key
  };
  Phase phase = Phase::returned;
  std::uint32_t attempts = 0;
  ConsumerId consumer = 0;
  std::uint64_t epoch = 0;
  Millis when = 0;  ///< returned: not before; leased: taken back at, 0 for never
};

struct Consumer {
  ConsumerId id = 0;
  SubscriptionId subscription = 0;
  OwnerId owner = 0;
  Millis ack_timeout = 0;
  std::size_t held = 0;  ///< its leases
};

/// Everything below `next` is settled unless it is outstanding: the cursor and the set above it in one.
struct Subscription {
  SubscriptionId id = 0;
  QueueId queue = 0;
  std::string name;
  Lifetime lifetime = Lifetime::durable;
  Millis expiry = 0;
  Millis expires_at = 0;  ///< ephemeral without consumers: removed then; 0: not
  Sharing sharing = Sharing::shared;
  bool ordered_keys = false;          ///< once asked for, kept
  std::vector<ConsumerId> consumers;  ///< in order of attachment
  Sequence next = 1;
  std::uint64_t epoch = 0;
  SequenceMap<Outstanding> outstanding;
  std::set<std::pair<Millis, Sequence>> returned;
  std::set<std::pair<Millis, Sequence>> deadlines;             ///< of leases with a timeout
  std::unordered_map<std::uint64_t, std::set<Sequence>> keys;  ///< ordered: outstanding by key
  std::set<Sequence> elsewhere;  ///< best effort: not below `next` and taken by another process
  std::uint64_t backlog = 0;     ///< not settled
  std::uint64_t backlog_bytes = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t redelivered = 0;
};

/// What applying records means for the processes that watch.
struct Effects {
  struct Dropped {
    SubscriptionId subscription;
    std::uint64_t count;
  };
  struct Revoked {
    ConsumerId consumer;
    Sequence sequence;
    std::uint64_t epoch;
  };
  std::vector<SubscriptionId> ready;  ///< may have something to hand out; repeats happen
  std::vector<SubscriptionId> timed;  ///< may have a new due time
  std::vector<Dropped> dropped;
  std::vector<Revoked> revoked;
  std::vector<ConsumerId> orphaned;  ///< their subscription was removed
  std::vector<Space*> grown;         ///< may exceed their retention
  std::uint64_t missed = 0;          ///< best-effort frames overwritten before they were read
  std::vector<std::uint64_t> blobs;  ///< nobody refers to them any more
};

class State {
 public:
  explicit State(OwnerId self) : self_(self) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Unknown ids are ignored: where a damaged frame is missing, what referred to it has no meaning.
  void apply(const Record& record, Effects& effects);
  /// The same for what nobody needs afterwards.
  void apply(Record&& record, Effects& effects);

  const Queue* find_queue(std::string_view name, bool best_effort) const;
  Queue* queue(QueueId id);
  const Queue* queue(QueueId id) const;
  const Subscription* find_subscription(const Queue& queue, std::string_view name) const;
  const Subscription* subscription(SubscriptionId id) const;
  const Consumer* consumer(ConsumerId id) const;
  const Producer* producer(ProducerId id) const;
  const std::unordered_map<QueueId, Queue>& queues() const noexcept { return queues_; }
  const std::unordered_map<SubscriptionId, Subscription>& subscriptions() const noexcept {
    return subscriptions_;
  }
  const std::unordered_map<ConsumerId, Consumer>& consumers() const noexcept { return consumers_; }
  const std::unordered_map<ProducerId, Producer>& producers() const noexcept { return producers_; }

  /// The ids that the next records of their kind take.
  QueueId next_queue() const noexcept { return last_queue_ + 1; }
  SubscriptionId next_subscription() const noexcept { return last_subscription_ + 1; }
  ProducerId next_producer() const noexcept { return last_producer_ + 1; }
  ConsumerId next_consumer() const noexcept { return last_consumer_ + 1; }

 private:
  friend class Snapshot;

  void on(const record::CreateQueue& r, Effects&);
  void on(const record::OpenProducer& r, Effects&);
  void on(const record::CloseProducer& r, Effects&);
  void on(record::Publish r, Effects&);
  void on(const record::Relocate& r, Effects&);
  void on(const record::Drop& r, Effects&);
  void on(const record::CreateSubscription& r, Effects&);
  void on(const record::RemoveSubscription& r, Effects&);
  void on(const record::Attach& r, Effects&);
  void on(const record::Detach& r, Effects&);
  void on(const record::Lease& r, Effects&);
  void on(const record::Acknowledge& r, Effects&);
  void on(const record::Return& r, Effects&);
  void on(const record::Leave& r, Effects&);

  Subscription* find(SubscriptionId id);
  void close_producer(ProducerId id);
  void detach(ConsumerId id, Millis time, Effects&);
  void remove(SubscriptionId id, Effects&);
  /// One subscription less waits for it.
  void settle(Queue&, Subscription&, Sequence, Effects&);
  void publish_best_effort(Queue&, record::Publish&, Effects&);
  bool is_for_here(const Subscription&, Sequence) const;
  void shed(Queue&, Subscription&, Effects&);
  void forget(Queue&, Sequence, Effects&);
  /// Leaves a message at the front of the history that is one, or none.
  void drop_void(Space&);
  void release(Subscription&, Sequence, Outstanding&, Millis visible_at, Effects&);
  void end_lease(Subscription&, Sequence, Outstanding&);
  void defer(Queue&, Subscription&, Sequence);
  void pass(Queue&, Subscription&, Sequence);
  /// Something tells that every sequence below `next` was given out, whatever became of the frames.
  static void count_up_to(Queue&, Sequence next);
  void lease_one(Queue&, Subscription&, Consumer&, Sequence, const record::Lease&, Effects&);
  void busy_key(const Queue&, Subscription&, Sequence);
  void free_key(const Queue&, Subscription&, Sequence);
  void order_keys(Subscription&);

  const OwnerId self_;
  std::map<std::string, Space, std::less<>> spaces_;
  std::unordered_map<QueueId, Queue> queues_;
  std::map<std::pair<bool, std::string>, QueueId> queue_names_;
  std::unordered_map<SubscriptionId, Subscription> subscriptions_;
  std::unordered_map<ConsumerId, Consumer> consumers_;
  std::unordered_map<ProducerId, Producer> producers_;
  QueueId last_queue_ = 0;
  SubscriptionId last_subscription_ = 0;
  ProducerId last_producer_ = 0;
  ConsumerId last_consumer_ = 0;
};

}  // namespace omnibus::embedded
