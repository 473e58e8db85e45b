#pragma once

#include <memory>
#include <utility>

#include <omnibus/detail/handles.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus {

/// Sends values of one type to one queue. Survives the loss of the link: what is unconfirmed is sent again
/// with its sequence, waiting calls go on until their deadline. Threads: any thread for every call; the order
/// of sends is the order of the calls of one thread. Source: the spec's BackendProducer.
template <Schema T>
class Producer {
 public:
  explicit Producer(std::unique_ptr<detail::ProducerHandle> handle) : handle_(std::move(handle)) {}

  /// Returns when the broker has accepted the message (q1, q2) or taken it (q0).
  /// Errors: EncodeError, ConfigError (properties), ClosedError; Error{unavailable} when the link stays down
  /// until the deadline; Error{too_large}, Error{no_space}, Error{no_subscription} …
  void send(const T& value, const SendOptions& options = {}) { handle_->send(&value, options); }

  /// Returns when the message is in the window; blocks while it is full, or throws Error{would_block} by
  /// option. `done` runs exactly once, on the executor, or inline by option.
  void send_async(const T& value, const SendOptions& options = {}, Completion done = {}) {
    handle_->send_async(&value, options, std::move(done));
  }

  /// Waits until everything sent before is confirmed; throws the first failure since the last flush.
  void flush(Duration timeout = std::chrono::seconds(30)) { handle_->flush(timeout); }

  /// Flushes up to the deadline and ends. Idempotent; the destructor calls it.
  CloseReport close(Duration timeout = std::chrono::seconds(10)) noexcept { return handle_->close(timeout); }

  const QueueName& queue() const noexcept { return handle_->queue(); }

 private:
  std::unique_ptr<detail::ProducerHandle> handle_;
};

}  // namespace omnibus
