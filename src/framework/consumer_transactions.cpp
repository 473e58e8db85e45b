/// How a transactional consumer ends what its handlers sent; the rest of it is in consumer_loop.cpp.

#include <utility>

#include <omnibus/framework/flow.hpp>
#include <omnibus/framework/transaction_scope.hpp>
#include <omnibus/log.hpp>

#include "framework/consumer_loop.hpp"

namespace omnibus::framework::detail {
namespace {

/// Work for the pool that is done by whoever lets go of it when the pool takes nothing more: the end of a
/// handler must not get lost.
class CertainWork {
 public:
  explicit CertainWork(UniqueFunction<void()> work) : work_(std::move(work)) {}
  CertainWork(CertainWork&&) noexcept = default;
  CertainWork& operator=(CertainWork&&) = delete;
  ~CertainWork() { (*this)(); }
  void operator()() {
    if (auto work = std::exchange(work_, nullptr)) work();
  }

 private:
  UniqueFunction<void()> work_;
};

}  // namespace

/// Each attempt has a transaction of its own, so that nothing of a failed one is ever seen.
void ConsumerLoop::Impl::join_transaction(Job& job) const {
  job.context.transaction = std::make_shared<TransactionScope>(bus_);
  const auto flow = settings_.in.lock();
  job.context.in = flow ? flow->joined(job.context.transaction) : nullptr;
}

void ConsumerLoop::Impl::end_transaction_later(const std::shared_ptr<Job>& job,
                                               const std::exception_ptr& failure) {
  bus_.post(CertainWork([self = shared_from_this(), job, failure] { self->end_transaction(job, failure); }));
}

/// The place stays taken meanwhile: `concurrency` bounds the transactions under way, and with one place their
/// outputs keep the order of the inputs.
void ConsumerLoop::Impl::end_transaction(const std::shared_ptr<Job>& job,
                                         const std::exception_ptr& failure) noexcept {
  auto& transaction = *job->context.transaction;
  if (failure) {
    transaction.abort();
    transactions_->aborted.add();
    return ended(job, failure);
  }
  try {
    transaction.commit(*job->handle, job->received->envelope());
  } catch (...) {
    const auto error = to_error(std::current_exception());
    transaction.abort();
    return not_committed(job, error);
  }
  committed();
}

void ConsumerLoop::Impl::committed() {
  transactions_->committed.add();
  metrics_.success.add();
  std::unique_lock lock(mutex_);
  free_place();
  next(std::move(lock));
}

void ConsumerLoop::Impl::not_committed(const std::shared_ptr<Job>& job, const Error& error) {
  if (error.code() != ErrorCode::unknown_outcome) {
    (error.code() == ErrorCode::stale_ack ? transactions_->stale : transactions_->refused).add();
    return reject(job, error.what());
  }
  // Settling it alone could lose it or double its outputs. A new subscription gets what did not happen.
  transactions_->unknown.add();
  metrics_.error.add();
  lost(job->handle, error.with_context("message " + job->received->envelope().delivery.message_id +
                                       ": its transaction may or may not have happened"));
  std::unique_lock lock(mutex_);
  free_place();
  next(std::move(lock));
}

}  // namespace omnibus::framework::detail
