#pragma once

/// What happens in a store, as data. A State changes by applying records and by nothing else, so processes
/// that apply the same records in the same order agree. One frame of the log holds one or more records and is
/// applied as a whole; a transaction is a frame of publishes and acknowledgements.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <omnibus/options.hpp>

namespace omnibus::driver {
struct Outgoing;
}

namespace omnibus::embedded {

using Millis = std::int64_t;  ///< wall clock, milliseconds since the Unix epoch
using Sequence = std::uint64_t;
using QueueId = std::uint32_t;
using SubscriptionId = std::uint32_t;
using ProducerId = std::uint32_t;
using ConsumerId = std::uint64_t;
using OwnerId = std::uint64_t;  ///< one opening of the store by one process; never repeats

/// A message's bytes as its journal keeps them: an object on the heap, or a place in a mapped segment
/// together with what keeps the mapping alive. Only the journal looks inside.
struct Content {
  std::shared_ptr<const void> owner = nullptr;
  const void* data = nullptr;  ///< null: only the place is known, see Journal::find
  std::size_t size = 0;
  std::uint64_t segment = 0;  ///< of the log that holds it; 0 in memory
  std::uint32_t frame = 0;    ///< where its frame begins in the segment
  std::uint32_t at = 0;       ///< where it begins in the frame's payload
  std::uint64_t blob = 0;     ///< its body's own file; 0: none
  const driver::Outgoing* unwritten =
      nullptr;  ///< the bytes are still to be made of it; nothing else is set but size
};

namespace record {

struct CreateQueue {
  QueueId id = 0;
  bool best_effort = false;
  std::string name;   ///< `tenant/namespace/queue`
  std::string space;  ///< `tenant/namespace`
};

/// A producer's name on one queue; `last` numbers are kept under it.
struct OpenProducer {
  ProducerId id = 0;
  QueueId queue = 0;
  OwnerId owner = 0;
  bool named = false;  ///< by the user: its last number outlives it
  std::string name;
};

struct CloseProducer {
  ProducerId id = 0;
};

struct Publish {
  QueueId queue = 0;
  Sequence sequence = 0;
  ProducerId producer = 0;
  std::uint64_t producer_sequence = 0;  ///< 0: not de-duplicated
  Millis time = 0;
  Millis deliver_at = 0;       ///< 0: at once
  std::uint64_t key_hash = 0;  ///< 0: no key
  std::uint64_t bytes = 0;     ///< what it counts against retention and limits, never 0
  Content content;
};

/// The same message at another place of the log, written by the cleaner; empty when it was found damaged.
struct Relocate {
  QueueId queue = 0;
  Sequence sequence = 0;
  Content content;
};

/// Forgets messages that nobody has to see any more: `count` sequences from `first`.
struct Drop {
  QueueId queue = 0;
  Sequence first = 0;
  std::uint64_t count = 0;
};

struct CreateSubscription {
  SubscriptionId id = 0;
  QueueId queue = 0;
  Sequence next = 0;  ///< the first sequence it sees, if still kept
  Lifetime lifetime = Lifetime::durable;
  Millis expiry = 0;  ///< ephemeral: kept so long after its last consumer
  std::string name;
};

struct RemoveSubscription {
  SubscriptionId id = 0;
};

struct Attach {
  ConsumerId consumer = 0;
  SubscriptionId subscription = 0;
  OwnerId owner = 0;
  Sharing sharing = Sharing::shared;
  bool ordered_keys = false;
  Millis ack_timeout = 0;
};

/// A consumer ends; what it holds is free for others.
struct Detach {
  ConsumerId consumer = 0;
  Millis time = 0;
};

/// Hands messages to a consumer. Sequences between the subscription's old `next` and the new one that are not
/// listed stay for later: their time has not come, or their key is busy.
struct Lease {
  SubscriptionId subscription = 0;
  ConsumerId consumer = 0;
  std::uint64_t epoch = 0;
  Millis time = 0;
  Sequence next = 0;
  std::vector<Sequence> sequences;  ///< rising
};

struct Acknowledge {
  SubscriptionId subscription = 0;
  std::vector<Sequence> sequences;
};

/// Takes leases back: nack, or acknowledgement timeout.
struct Return {
  SubscriptionId subscription = 0;
  Millis visible_at = 0;
  std::vector<Sequence> sequences;
};

/// A process is gone: its consumers detach, its producers close.
struct Leave {
  OwnerId owner = 0;
  Millis time = 0;
};

}  // namespace record

using Record = std::variant<record::CreateQueue, record::OpenProducer, record::CloseProducer, record::Publish,
                            record::Relocate, record::Drop, record::CreateSubscription,
                            record::RemoveSubscription, record::Attach, record::Detach, record::Lease,
                            record::Acknowledge, record::Return, record::Leave>;

}  // namespace omnibus::embedded
