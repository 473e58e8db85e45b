#include "omnibus/framework/transaction_scope.hpp"

#include <string>
#include <utility>

namespace omnibus::framework::detail {
namespace {

thread_local bool transactional_call = false;

}  // namespace

void TransactionScope::send(const Bus& from, const QueueName& queue, const schema::Type& type,
                            const void* value, const SendOptions& options, Counter* produced) {
  if (!(from == bus_)) {
    throw ConfigError(
        "a producer of another connection cannot join the transaction of a message of " + queue.str(),
        "make the producer of the consumer's Bus");
  }
  const std::lock_guard lock(mutex_);
  if (sealed_) {
    throw ClosedError("cannot send to " + queue.str() +
                      ": the handler has ended, and its transaction with it");
  }
  if (failure_) failure_->raise();
  if (!transaction_) {
    try {
      transaction_.emplace(Bus(bus_).begin_transaction());
    } catch (...) {
      failure_ = to_error(std::current_exception());
      throw;
    }
  }
  transaction_->handle().send(queue, type, value, options);
  if (produced != nullptr) produced_.push_back(produced);
}

bool TransactionScope::seal() noexcept {
  const std::lock_guard lock(mutex_);
  sealed_ = true;
  return transaction_ || failure_;
}

void TransactionScope::commit(omnibus::detail::ConsumerHandle& consumer,
                              const omnibus::detail::Envelope& message) {
  if (failure_) failure_->raise();
  try {
    transaction_->handle().acknowledge(consumer, message);
  } catch (const Error& error) {
    error.with_context("the acknowledgement cannot join the transaction").raise();
  }
  transaction_->commit();
  transaction_.reset();
  for (auto* counter : produced_) counter->add();
}

void TransactionScope::abort() noexcept { transaction_.reset(); }

TransactionalCall::TransactionalCall(bool transactional) noexcept
    : before_(std::exchange(transactional_call, transactional)) {}
TransactionalCall::~TransactionalCall() { transactional_call = before_; }
bool TransactionalCall::here() noexcept { return transactional_call; }

void require_transactions(const Bus& bus, std::string_view who) {
  const auto& entry = bus.features()[driver::Feature::transactions];
  if (entry.support != driver::Support::missing) return;
  throw ConfigError(
      std::string(who) + " is to be transactional, but the backend " + std::string(bus.backend()) +
          " has no transactions" + (entry.note.empty() ? "" : ": " + entry.note),
      "choose a backend that has them, or leave transactional off: then outputs may come twice");
}

}  // namespace omnibus::framework::detail
