#pragma once

/// The transaction of one call of a handler. Not for direct use: Context::in and Producer::joined lead to it.

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework::detail {

/// What a handler's outputs and its acknowledgement join. Begun by the first output, so that a handler which
/// sends nothing costs no transaction. Ends with the handler: a later send is refused. Destroyed before
/// commit() it is aborted.
/// Threads: send from any; the others from one at a time.
class TransactionScope {
 public:
  explicit TransactionScope(Bus bus) : bus_(std::move(bus)) {}
  TransactionScope(const TransactionScope&) = delete;
  TransactionScope& operator=(const TransactionScope&) = delete;

  /// `produced` is counted at the commit; null counts nothing. Errors: as Transaction::send; ClosedError when
  /// the handler has ended; ConfigError when `from` is another Bus; what beginning fails with.
  void send(const Bus& from, const QueueName& queue, const schema::Type& type, const void* value,
            const SendOptions& options, Counter* produced);

  /// Takes nothing more. False when nothing was sent: there is nothing to commit or to abort.
  bool seal() noexcept;
  /// After seal(). Errors: as Transaction::acknowledge and commit; what beginning failed with, even when the
  /// handler has passed over it.
  void commit(omnibus::detail::ConsumerHandle& consumer, const omnibus::detail::Envelope& message);
  void abort() noexcept;

 private:
  const Bus bus_;
  std::mutex mutex_;  // guards what follows until seal()
  std::optional<Transaction> transaction_;
  std::optional<Error> failure_;  // of beginning it
  std::vector<Counter*> produced_;
  bool sealed_ = false;
};

/// Marks the thread on which a transactional handler is called, so that an output that would escape its
/// transaction is noticed.
class TransactionalCall {
 public:
  explicit TransactionalCall(bool transactional) noexcept;
  ~TransactionalCall();
  TransactionalCall(const TransactionalCall&) = delete;
  TransactionalCall& operator=(const TransactionalCall&) = delete;

  /// Whether the handler called last on this thread, and not ended, is transactional.
  static bool here() noexcept;

 private:
  const bool before_;
};

/// Errors: ConfigError naming `who`, the backend and the way out where Feature::transactions is missing.
void require_transactions(const Bus& bus, std::string_view who);

}  // namespace omnibus::framework::detail
OMNIBUS_EXPORT_END
