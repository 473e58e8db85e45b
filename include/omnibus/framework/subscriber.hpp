#pragma once

#include <memory>
#include <optional>
#include <string>

#include <omnibus/bus.hpp>

namespace omnibus::framework {

/// What happens when a waiter's queue (100 messages) is full.
enum class Overflow : std::uint8_t { block, drop_oldest, drop_new };

struct SubscriberSettings {
  std::string id;
  std::string flow = "None";
  std::string name;
  QueueName queue;
  std::string subscription;
  ConsumerOptions options = {.lifetime = Lifetime::ephemeral};
  std::size_t capacity = 100;
  Overflow overflow = Overflow::block;
};

/// One consumer fanned out to in-process waiters by the property `id`.
/// Metrics: subscriber_state, received_count, dropped_count.
/// Threads: any.
template <Schema T>
class Subscriber {
 public:
  Subscriber(Bus bus, SubscriberSettings settings);

  /// Returns when the subscription is real, so that no answer to a later request is missed.
  void start();
  /// Stops receiving, gives waiters up to `timeout` to empty their queues, closes.
  void stop(Duration timeout = std::chrono::seconds(5));

  /// One waiter's messages. Ends its registration when destroyed.
  class Queue {
   public:
    /// Empty on silence. Errors: ClosedError, Error{unavailable} when the link dropped.
    std::optional<Message<T>> receive(Duration timeout);
  };
  /// Messages whose property `id` equals `correlation`.
  std::unique_ptr<Queue> subscribe(std::string correlation);
  /// Every message.
  std::unique_ptr<Queue> subscribe_all();
};

}  // namespace omnibus::framework
