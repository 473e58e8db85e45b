#include "omnibus/framework/producer.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <omnibus/framework/transaction_scope.hpp>
#include <omnibus/log.hpp>

#include "framework/metrics.hpp"

namespace omnibus::framework::detail {
namespace {

constexpr auto retry_pause = std::chrono::seconds(2);  // between attempts to connect

/// Whether the error is about the producer, not about one message or the link, which core repairs.
bool ends_handle(const Error& error) {
  switch (error.code()) {
    case ErrorCode::closed:
    case ErrorCode::conflict:
    case ErrorCode::authentication:
    case ErrorCode::forbidden:
    case ErrorCode::not_found:
    case ErrorCode::protocol:
    case ErrorCode::internal:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct ProducerCore::Impl {
  using Handle = std::shared_ptr<omnibus::detail::ProducerHandle>;

  Impl(Bus bus_in, const std::string& id, const std::string& flow, const std::string& name,
       QueueName queue_in, const schema::Type& type_in, ProducerOptions options_in)
      : bus(std::move(bus_in)),
        queue(std::move(queue_in)),
        type(type_in),
        options(std::move(options_in)),
        produced(name.empty() ? nullptr
                              : &metrics.counter("producer_count", "Output items produced",
                                                 labels_of(id, flow, name))) {}

  Handle connected(TimePoint deadline);
  Handle try_connect();
  void drop(const Handle& broken);
  void send_in(TransactionScope& transaction, const void* value, const SendOptions& send);
  void count() const noexcept {
    if (produced != nullptr) produced->add();
  }
  Duration send_time(const SendOptions& send) const {
    return send.timeout > Duration::zero() ? send.timeout : options.send_timeout;
  }
  [[noreturn]] void stopped_error() const {
    throw ClosedError("producer of " + queue.str() + " was stopped");
  }

  Bus bus;
  Metrics metrics = bus.metrics();
  const QueueName queue;
  const schema::Type& type;
  const ProducerOptions options;
  Counter* const produced;  // null: not counted

  std::mutex mutex;                 // guards what follows
  std::condition_variable changed;  // any of what follows
  Handle handle;
  bool connecting = false;
  bool stopped = false;
};

/// The handle; connects when there is none, one thread at a time, again and again until `deadline` when a
/// later attempt may succeed.
ProducerCore::Impl::Handle ProducerCore::Impl::connected(TimePoint deadline) {
  std::unique_lock lock(mutex);
  for (;;) {
    if (stopped) stopped_error();
    if (handle) return handle;
    if (!connecting) break;
    if (!changed.wait_until(lock, deadline, [this] { return stopped || !connecting; })) {
      throw Error(ErrorCode::unavailable, "producer of " + queue.str() + " is not connected yet",
                  {.retryable = true});
    }
  }
  connecting = true;
  for (;;) {
    lock.unlock();
    Handle fresh;
    std::optional<Error> failure;
    try {
      fresh = bus.create_producer(queue, type, options);
    } catch (...) {
      failure = to_error(std::current_exception());
    }
    lock.lock();
    const bool again = failure && failure->retryable() && !stopped && !options.fail_fast &&
                       Clock::now() + retry_pause < deadline;
    if (again) {
      log::write(log::Level::error,
                 "producer of " + queue.str() + " cannot connect, trying again: " + failure->what());
      changed.wait_for(lock, retry_pause, [this] { return stopped; });
      continue;
    }
    connecting = false;
    changed.notify_all();
    if (stopped) {
      lock.unlock();
      if (fresh) fresh->close(Duration::zero());
      stopped_error();
    }
    if (failure) failure->raise();
    return handle = std::move(fresh);
  }
}

/// Forgets a handle that reported its end; the next send connects anew.
void ProducerCore::Impl::drop(const Handle& broken) {
  const std::lock_guard lock(mutex);
  if (handle == broken) handle.reset();
}

void ProducerCore::Impl::send_in(TransactionScope& transaction, const void* value, const SendOptions& send) {
  {
    const std::lock_guard lock(mutex);
    if (stopped) stopped_error();
  }
  transaction.send(bus, queue, type, value, send, produced);
}

ProducerCore::ProducerCore(Bus bus, const std::string& id, const std::string& flow, const std::string& name,
                           QueueName queue, const schema::Type& type, ProducerOptions options)
    : impl_(std::make_shared<Impl>(std::move(bus), id, flow, name, std::move(queue), type,
                                   std::move(options))) {}

ProducerCore::ProducerCore(const ProducerCore& origin, std::shared_ptr<TransactionScope> transaction)
    : impl_(origin.impl_), transaction_(std::move(transaction)), joined_(true) {}

ProducerCore::~ProducerCore() { stop(std::chrono::seconds(10)); }

void ProducerCore::refuse_outside_transaction() const {
  if (transaction_ || !TransactionalCall::here()) return;
  throw ConfigError("the producer of " + impl_->queue.str() +
                        " has not joined the transaction of the handler that sends with it",
                    "use context.in->producer<T>(name), or producer.joined(context); omnibus::Producer sends "
                    "outside the transaction");
}

void ProducerCore::connect(Duration timeout) {
  if (!transaction_) impl_->connected(deadline_after(timeout));
}

void ProducerCore::send(const void* value, const SendOptions& options) {
  if (transaction_) return impl_->send_in(*transaction_, value, options);
  const auto deadline = deadline_after(impl_->send_time(options));
  const auto handle = impl_->connected(deadline);
  auto mine = options;
  mine.timeout = std::max<Duration>(deadline - Clock::now(), std::chrono::milliseconds(1));
  try {
    handle->send(value, mine);
  } catch (const Error& error) {
    if (ends_handle(error)) impl_->drop(handle);
    throw;
  }
  impl_->count();
}

void ProducerCore::send_async(const void* value, const SendOptions& options, Completion done) {
  if (transaction_) {
    impl_->send_in(*transaction_, value, options);
    if (!done) return;
    if (impl_->options.inline_completion) return done(nullptr);
    return impl_->bus.post([last = std::move(done)]() mutable { last(nullptr); });
  }
  const auto handle = impl_->connected(deadline_after(impl_->send_time(options)));
  handle->send_async(value, options,
                     [impl = impl_, handle, done = std::move(done)](const Error* error) mutable {
                       if (error == nullptr) impl->count();
                       if (error != nullptr && ends_handle(*error)) impl->drop(handle);
                       if (done) done(error);
                     });
}

void ProducerCore::flush(Duration timeout) {
  if (transaction_) return;
  std::shared_ptr<omnibus::detail::ProducerHandle> handle;
  {
    const std::lock_guard lock(impl_->mutex);
    handle = impl_->handle;
  }
  if (handle) handle->flush(timeout);
}

CloseReport ProducerCore::stop(Duration timeout) noexcept {
  if (joined_) return {};
  std::shared_ptr<omnibus::detail::ProducerHandle> handle;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopped = true;
    handle = std::exchange(impl_->handle, nullptr);
    impl_->changed.notify_all();
  }
  return handle ? handle->close(timeout) : CloseReport{};
}

}  // namespace omnibus::framework::detail
