#pragma once

#include <memory>
#include <utility>

#include <omnibus/consumer.hpp>
#include <omnibus/detail/handles.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus {

/// Several sends and acknowledgements that happen together at commit(), or not at all. Made by Bus::transact
/// and Bus::begin_transaction. Destroyed before commit() it is aborted. Threads: one caller at a time.
class Transaction {
 public:
  explicit Transaction(std::unique_ptr<detail::TransactionHandle> handle) : handle_(std::move(handle)) {}

  /// Nobody sees the message before the commit. What goes to a best-effort queue (q0) is sent after it,
  /// without its guarantee. A sequence in the options is ignored: a transaction happens once.
  /// Errors: EncodeError, ConfigError (properties, delay), Error{too_large}; others come from commit().
  template <Schema T>
  void send(const QueueName& queue, const T& value, const SendOptions& options = {}) {
    handle_->send(queue, schema::type_of<T>(), &value, options);
  }

  /// The message is settled by the commit; after an abort it is held as before. The consumer is of the same
  /// Bus and outlives the transaction. Errors: Error{stale_ack}, ClosedError, Error{unavailable}.
  template <Schema T>
  void acknowledge(Consumer<T>& consumer, const Message<T>& message) {
    consumer.acknowledge_in(*handle_, message);
  }

  /// Errors: Error{stale_ack} when a message is no longer held, Error{too_large}, Error{no_space},
  /// Error{unavailable}: nothing has happened. Error{unknown_outcome}: the link broke at the worst moment;
  /// look whether the message comes again.
  void commit(Duration timeout = std::chrono::seconds(30)) { handle_->commit(timeout); }

  /// Idempotent; does nothing after commit().
  void abort() noexcept { handle_->abort(); }

  /// For types known only at run time.
  detail::TransactionHandle& handle() noexcept { return *handle_; }

 private:
  std::unique_ptr<detail::TransactionHandle> handle_;
};

}  // namespace omnibus
