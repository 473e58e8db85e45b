#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <omnibus/message.hpp>

namespace omnibus {

/// Receives values of one type from one subscription of one queue. Survives the loss of the link: it
/// resubscribes, and waiting calls go on until their deadline. Threads: any thread for every call; close()
/// ends every wait. Source: the spec's BackendConsumer.
template <Schema T>
class Consumer {
 public:
  explicit Consumer(std::unique_ptr<detail::ConsumerHandle> handle) : handle_(std::move(handle)) {}

  /// Waits up to `timeout` for one message. A message that cannot be decoded is rejected (logged, counted,
  /// negatively acknowledged) and the wait goes on. Errors: TimeoutError on silence; ClosedError after
  /// close(); Error{unavailable} when `timeout` passes while the link is down.
  Message<T> receive(Duration timeout = std::chrono::seconds(2)) {
    auto message = poll(timeout);
    if (!message) throw TimeoutError("no message on " + queue().str() + " within the timeout");
    return std::move(*message);
  }

  /// Like receive, but empty on silence.
  std::optional<Message<T>> poll(Duration timeout = Duration::zero()) {
    const auto deadline = deadline_after(timeout);
    for (;;) {
      auto left = std::max<Duration>(deadline - Clock::now(), Duration::zero());
      auto envelope = handle_->receive(left);
      if (!envelope) return std::nullopt;
      T value{};
      if (handle_->decode(*envelope, &value)) return Message<T>(std::move(value), std::move(*envelope));
    }
  }

  /// Calls `ready(error, message)` once, on the executor: an error and no message when the consumer ends.
  /// Use the message inside the call or move it out.
  void receive_async(UniqueFunction<void(const Error*, std::optional<Message<T>>)> ready) {
    receive_async(handle_, std::move(ready));
  }

  /// Settles a message. Returns when the broker has confirmed it, or taken it (see Feature::confirmed_ack).
  /// Errors: Error{stale_ack} when the message is no longer held by this consumer; ClosedError;
  /// Error{unavailable}.
  void acknowledge(const Message<T>& message) { handle_->acknowledge(message.envelope()); }
  /// The same without waiting. Without a completion nobody hears of a failure: what the broker could not
  /// store and may later is then tried again, at the pace of ConsumerOptions::redelivery.
  void acknowledge_async(const Message<T>& message, Completion done = {}) {
    handle_->acknowledge_async(message.envelope(), std::move(done));
  }

  /// Gives a message back; it comes again after its back-off, or goes to the dead letter queue at
  /// max_attempts.
  void negative_acknowledge(const Message<T>& message, std::string_view reason = {}) {
    handle_->negative_acknowledge(message.envelope(), reason);
  }
  /// As acknowledge_async.
  void negative_acknowledge_async(const Message<T>& message, std::string_view reason = {},
                                  Completion done = {}) {
    handle_->negative_acknowledge_async(message.envelope(), reason, std::move(done));
  }

  /// For Transaction::acknowledge.
  void acknowledge_in(detail::TransactionHandle& transaction, const Message<T>& message) {
    transaction.acknowledge(*handle_, message.envelope());
  }

  /// Removes the subscription with all it holds. The consumer is closed then.
  void unsubscribe() { handle_->unsubscribe(); }

  /// Ends it; what is unacknowledged goes to other consumers. Idempotent; the destructor calls it.
  CloseReport close(Duration timeout = std::chrono::seconds(10)) noexcept { return handle_->close(timeout); }

  const QueueName& queue() const noexcept { return handle_->queue(); }
  const std::string& subscription() const noexcept { return handle_->subscription(); }

 private:
  using Ready = UniqueFunction<void(const Error*, std::optional<Message<T>>)>;

  /// Weak: what waits must not keep the consumer from ending.
  static void receive_async(const std::shared_ptr<detail::ConsumerHandle>& target, Ready ready) {
    target->receive_async([weak = std::weak_ptr(target), ready = std::move(ready)](
                              const Error* error, detail::Envelope envelope) mutable {
      if (error != nullptr) return ready(error, std::nullopt);
      const auto handle = weak.lock();
      if (!handle) {
        const ClosedError closed("the consumer is closed");
        return ready(&closed, std::nullopt);
      }
      T value{};
      if (!handle->decode(envelope, &value)) return receive_async(handle, std::move(ready));
      ready(nullptr, Message<T>(std::move(value), std::move(envelope)));
    });
  }

  std::shared_ptr<detail::ConsumerHandle> handle_;
};

}  // namespace omnibus
