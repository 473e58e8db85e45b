#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>
#include <omnibus/framework/work.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// What happens when a waiter's queue (100 messages) is full.
enum class Overflow : std::uint8_t { block, drop_oldest, drop_new };

/// How a Subscriber is set up: `id`, `flow` and `name` label metrics; `capacity` counts messages per waiter.
struct SubscriberSettings {
  std::string id;
  std::string flow = "None";
  std::string name;
  QueueName queue;
  std::string subscription;
  ConsumerOptions options = {.lifetime = Lifetime::ephemeral};
  std::size_t capacity = 100;
  Overflow overflow = Overflow::block;
  Duration reconnect = std::chrono::seconds(1);  ///< between attempts to renew a lost subscription
};

namespace detail {

/// Where a subscriber puts what it receives. Threads: called under the subscriber's lock; must not wait, call
/// back or run user code.
class Sink {
 public:
  virtual ~Sink() = default;
  /// False: full. The subscriber stalls and offers again after SubscriberCore::resume().
  virtual bool offer(const std::shared_ptr<Received>& message) = 0;
  /// The link dropped, or (ErrorCode::closed) the subscriber ended.
  virtual void failed(const Error& error) = 0;
  /// The subscription is real again after failed().
  virtual void restored() {}
  /// Nothing is left to be taken.
  virtual bool empty() const { return true; }
};

/// The subscriber without the type.
class SubscriberCore {
 public:
  SubscriberCore(Bus bus, SubscriberSettings settings, const schema::Type& type, Decode decode);
  ~SubscriberCore();
  SubscriberCore(const SubscriberCore&) = delete;
  SubscriberCore& operator=(const SubscriberCore&) = delete;

  void start();
  CloseReport stop(Duration timeout) noexcept;

  /// An empty `correlation` takes every message. Errors: ClosedError after stop().
  std::uint64_t add(std::optional<std::string> correlation, std::shared_ptr<Sink> sink);
  void remove(std::uint64_t token) noexcept;
  /// A sink that was full has room, or something to be drained is gone.
  void resume() noexcept;
  Counter& dropped() const noexcept;
  const SubscriberSettings& settings() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// A bounded queue with waiting readers: what a Queue is made of.
class WaiterQueue {
 public:
  WaiterQueue(std::shared_ptr<SubscriberCore> subscriber, std::optional<std::string> correlation);
  ~WaiterQueue();
  WaiterQueue(const WaiterQueue&) = delete;
  WaiterQueue& operator=(const WaiterQueue&) = delete;
  std::shared_ptr<Received> receive(Duration timeout);

 private:
  class Buffer;
  std::shared_ptr<SubscriberCore> subscriber_;
  std::shared_ptr<Buffer> buffer_;
  std::uint64_t token_ = 0;
};

}  // namespace detail

/// One consumer fanned out to in-process waiters by the property `id`. Every message is acknowledged, whether
/// somebody waits for it or not. With Overflow::block a full waiter stalls all.
/// Metrics: subscriber_state, received_count, dropped_count.
/// Threads: any.
template <Schema T>
class Subscriber {
  static_assert(std::is_copy_constructible_v<T>,
                "several waiters may take the same message: T must be copyable");

 public:
  Subscriber(Bus bus, SubscriberSettings settings)
      : core_(std::make_shared<detail::SubscriberCore>(std::move(bus), std::move(settings),
                                                       schema::type_of<T>(), detail::decode<T>)) {}
  ~Subscriber() { stop(); }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Returns when the subscription is real, so that no answer to a later request is missed. When the link
  /// drops later, the waiters are told and the subscription is renewed for ever.
  /// Errors: as omnibus::Bus::create_consumer, and start() may be called again; ClosedError after stop().
  void start() { core_->start(); }
  /// Stops receiving, gives waiters up to `timeout` to empty their queues, closes. Idempotent.
  CloseReport stop(Duration timeout = std::chrono::seconds(5)) noexcept { return core_->stop(timeout); }

  /// One waiter's messages. Ends its registration when destroyed.
  class Queue {
   public:
    Queue(std::shared_ptr<detail::SubscriberCore> core, std::optional<std::string> correlation)
        : waiter_(std::move(core), std::move(correlation)) {}

    /// Empty on silence. Errors: ClosedError; Error{unavailable} once when the link dropped.
    std::optional<Message<T>> receive(Duration timeout) {
      auto received = waiter_.receive(timeout);
      if (!received) return std::nullopt;
      auto& message = static_cast<detail::ReceivedMessage<T>&>(*received).message();
      if (received->sole) return std::move(message);
      return std::as_const(message);
    }

   private:
    detail::WaiterQueue waiter_;
  };

  /// Messages whose property `id` equals `correlation`. Errors: ClosedError after stop().
  std::unique_ptr<Queue> subscribe(std::string correlation) {
    return std::make_unique<Queue>(core_, std::move(correlation));
  }
  /// Every message.
  std::unique_ptr<Queue> subscribe_all() { return std::make_unique<Queue>(core_, std::nullopt); }

 private:
  std::shared_ptr<detail::SubscriberCore> core_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
