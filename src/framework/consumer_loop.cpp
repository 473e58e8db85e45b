#include "framework/consumer_loop.hpp"

#include <algorithm>
#include <utility>

#include <omnibus/framework/transaction_scope.hpp>
#include <omnibus/log.hpp>

namespace omnibus::framework::detail {
namespace {

/// The loop whose handler runs on this thread; null in none.
thread_local const void* handler_of = nullptr;

struct InHandlerOf {
  explicit InHandlerOf(const void* loop) : before(std::exchange(handler_of, loop)) {}
  ~InHandlerOf() { handler_of = before; }
  InHandlerOf(const InHandlerOf&) = delete;
  InHandlerOf& operator=(const InHandlerOf&) = delete;
  const void* before;
};

Duration left_until(TimePoint deadline) {
  return std::max<Duration>(deadline - Clock::now(), Duration::zero());
}

double seconds_since(TimePoint begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

}  // namespace

ConsumerLoop::Impl::Impl(Bus bus_in, ConsumerSettings settings_in, const schema::Type& type_in,
                         Decode decode_in, Run run_in)
    : bus_(std::move(bus_in)),
      settings_(std::move(settings_in)),
      type_(type_in),
      decode_(std::move(decode_in)),
      run_(std::move(run_in)),
      metrics_(bus_.metrics(), settings_.id, settings_.flow, settings_.name) {
  if (settings_.concurrency < 1) {
    throw ConfigError(describe() + ": concurrency " + std::to_string(settings_.concurrency) + " is below 1");
  }
  if (settings_.transactional.value_or(false)) {
    require_transactions(bus_, describe());
    transactions_.emplace(bus_.metrics(), labels_of(settings_.id, settings_.flow, settings_.name));
  }
}

std::string ConsumerLoop::Impl::describe() const {
  return "consumer " + settings_.name + " of " + settings_.queue.str();
}

void ConsumerLoop::Impl::start() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::active) return;
    if (phase_ != Phase::idle) throw ClosedError(describe() + " was stopped");
    phase_ = Phase::active;
    subscribing_ = true;
  }
  subscribe();
}

bool ConsumerLoop::Impl::running() const noexcept {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::active && handle_ != nullptr;
}

// Subscribing

void ConsumerLoop::Impl::subscribe() {
  Handle fresh;
  try {
    fresh = bus_.create_consumer(settings_.queue, settings_.subscription, type_, settings_.options);
  } catch (...) {
    return subscribe_later(to_error(std::current_exception()));
  }
  subscribed(fresh);
}

void ConsumerLoop::Impl::subscribed(const Handle& fresh) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::active) {
      handle_ = fresh;
      metrics_.running(true);
    }
  }
  if (settings_.subscribed && is_current(fresh)) {
    try {
      settings_.subscribed();
    } catch (...) {
      log::write(log::Level::error, describe() + ": " + to_error(std::current_exception()).what());
    }
  }
  std::size_t places = 0;
  {
    const std::lock_guard lock(mutex_);
    subscribing_ = false;
    changed_.notify_all();
    const auto all = static_cast<std::size_t>(settings_.concurrency);
    if (phase_ == Phase::active && handle_ == fresh) places = all - std::min(all, jobs_);
  }
  if (!is_current(fresh)) fresh->close(Duration::zero());
  for (; places > 0; --places) take(fresh);
}

void ConsumerLoop::Impl::subscribe_later(const Error& reason) {
  const std::lock_guard lock(mutex_);
  subscribing_ = false;
  changed_.notify_all();
  if (phase_ != Phase::active) return;
  if (reason.code() == ErrorCode::closed) {
    return log::write(log::Level::info, describe() + " ends: " + reason.what());
  }
  log::write(log::Level::error, describe() + " cannot subscribe, trying again: " + reason.what());
  schedule_subscribe();
}

void ConsumerLoop::Impl::lost(const Handle& from, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (handle_ != from || phase_ != Phase::active) return;
    handle_.reset();
    metrics_.running(false);
    if (error.code() == ErrorCode::closed) {
      log::write(log::Level::info, describe() + " ends: " + error.what());
    } else {
      log::write(log::Level::error, describe() + " lost its subscription, renewing it: " + error.what());
      schedule_subscribe();
    }
  }
  from->close(Duration::zero());
}

void ConsumerLoop::Impl::schedule_subscribe() {
  subscribe_timer_ = bus_.post_at(deadline_after(settings_.reconnect), [self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->subscribe_timer_.reset();
      if (self->phase_ != Phase::active) return;
      self->subscribing_ = true;
    }
    self->subscribe();
  });
}

bool ConsumerLoop::Impl::is_current(const Handle& handle) const {
  const std::lock_guard lock(mutex_);
  return handle_ == handle;
}

// Taking and handling

void ConsumerLoop::Impl::take(const Handle& from) {
  try {
    from->receive_async(
        [self = shared_from_this(), from](const Error* error, omnibus::detail::Envelope envelope) {
          if (error != nullptr) return self->lost(from, *error);
          self->received(from, std::move(envelope));
        });
  } catch (...) {
    lost(from, to_error(std::current_exception()));
  }
}

void ConsumerLoop::Impl::received(const Handle& from, omnibus::detail::Envelope envelope) {
  {
    const std::lock_guard lock(mutex_);
    // Not settled, so that closing the handle gives it to the next consumer.
    if (phase_ != Phase::active || handle_ != from) return;
    ++jobs_;
  }
  auto job = std::make_shared<Job>();
  job->handle = from;
  job->first = Clock::now();
  job->context = {.id = settings_.id,
                  .flow = settings_.flow,
                  .name = settings_.name,
                  .stop = stop_.get_token(),
                  .in = settings_.in.lock()};
  job->received = decode_(*from, std::move(envelope));
  if (job->received) return attempt(job);
  std::unique_lock lock(mutex_);
  free_place();
  next(std::move(lock));
}

void ConsumerLoop::Impl::attempt(const std::shared_ptr<Job>& job) {
  if (transactions_) join_transaction(*job);
  const auto begin = Clock::now();
  const auto call =
      std::make_shared<Attempt>([self = shared_from_this(), job, begin](const std::exception_ptr& failure) {
        self->metrics_.latency.observe(seconds_since(begin));
        self->handled(job, failure);
      });
  const InHandlerOf mark(this);
  const TransactionalCall sends(transactions_.has_value());
  call->call(run_, *job);
}

void ConsumerLoop::Impl::handled(const std::shared_ptr<Job>& job, const std::exception_ptr& failure) {
  const auto& transaction = job->context.transaction;
  if (!transaction || !transaction->seal()) return ended(job, failure);
  // Ending a transaction waits for the broker: not on a thread that is somebody else's.
  handler_of == this ? end_transaction(job, failure) : end_transaction_later(job, failure);
}

void ConsumerLoop::Impl::ended(const std::shared_ptr<Job>& job, const std::exception_ptr& failure) {
  if (!failure) return succeed(job);
  const auto error = to_error(failure);
  if (error.code() == ErrorCode::too_many_requests) return wait_for_rate(job);
  reject(job, error.what());
}

void ConsumerLoop::Impl::succeed(const std::shared_ptr<Job>& job) {
  metrics_.success.add();
  begin_settling();
  settle(job);
}

void ConsumerLoop::Impl::reject(const std::shared_ptr<Job>& job, const std::string& reason) {
  metrics_.error.add();
  log::write(log::Level::error,
             describe() + " failed at message " + job->received->envelope().delivery.message_id +
                 " (attempt " + std::to_string(job->received->envelope().delivery.attempt) + "): " + reason);
  job->rejected = reason;
  begin_settling();
  settle(job);
}

/// A handler has ended. Call with the mutex held.
void ConsumerLoop::Impl::free_place() {
  --jobs_;
  if (abandoned_) metrics_.abandoned.add(-1);
}

/// The handler has ended: its place is free, the settling goes on beside.
void ConsumerLoop::Impl::begin_settling() {
  std::unique_lock lock(mutex_);
  free_place();
  ++settling_;
  next(std::move(lock));
}

void ConsumerLoop::Impl::settle(const std::shared_ptr<Job>& job) {
  const auto& envelope = job->received->envelope();
  Completion done = [self = shared_from_this(), job](const Error* error) { self->settled(job, error); };
  try {
    if (job->rejected) {
      job->handle->negative_acknowledge_async(envelope, *job->rejected, std::move(done));
    } else {
      job->handle->acknowledge_async(envelope, std::move(done));
    }
  } catch (...) {
    const auto error = to_error(std::current_exception());
    settled(job, &error);
  }
}

void ConsumerLoop::Impl::settled(const std::shared_ptr<Job>& job, const Error* error) {
  if (error != nullptr) {
    if (error->retryable() && settle_later(job, *error)) return;
    log::write(log::Level::warning, describe() + ": message " +
                                        job->received->envelope().delivery.message_id +
                                        " could not be settled and may come again: " + error->what());
  }
  std::unique_lock lock(mutex_);
  --settling_;
  changed_.notify_all();
  close_if_idle(std::move(lock));
}

/// The broker goes on holding the message for this consumer, so that nobody else would settle it.
bool ConsumerLoop::Impl::settle_later(const std::shared_ptr<Job>& job, const Error& error) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::stopped || handle_ != job->handle) return false;
  log::write(log::Level::warning, describe() + ": message " + job->received->envelope().delivery.message_id +
                                      " could not be settled, trying again: " + error.what());
  job->timer = bus_.post_at(deadline_after(settings_.reconnect), [self = shared_from_this(), job] {
    {
      const std::lock_guard inner(self->mutex_);
      if (self->unsettled_.erase(job) == 0) return;
    }
    self->settle(job);
  });
  unsettled_.insert(job);
  return true;
}

/// Fills a free place.
void ConsumerLoop::Impl::next(std::unique_lock<std::mutex> lock) {
  changed_.notify_all();
  const auto all = static_cast<std::size_t>(settings_.concurrency);
  // While subscribing, subscribed() counts the free places itself.
  if (phase_ == Phase::active && handle_ && !subscribing_ && jobs_ < all) {
    const auto from = handle_;
    lock.unlock();
    return take(from);
  }
  close_if_idle(std::move(lock));
}

// The rate limit

void ConsumerLoop::Impl::wait_for_rate(const std::shared_ptr<Job>& job) {
  metrics_.rate_limited.add();
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::active) {
    job->timer = bus_.post_at(deadline_after(settings_.rate_limit_retry),
                              [self = shared_from_this(), job] { self->retry(job); });
    limited_.insert(job);
    return;
  }
  free_place();  // not settled: it is delivered again elsewhere
  next(std::move(lock));
}

void ConsumerLoop::Impl::retry(const std::shared_ptr<Job>& job) {
  {
    const std::lock_guard lock(mutex_);
    if (limited_.erase(job) == 0) return;
  }
  if (Clock::now() - job->first < settings_.rate_limit_timeout) {
    // The call before may still look at its context, which leads to its own transaction.
    return attempt(transactions_ ? std::make_shared<Job>(*job) : job);
  }
  reject(job, "too many requests for longer than the rate limit timeout");
}

// Stopping

void ConsumerLoop::Impl::drain() noexcept {
  std::optional<std::uint64_t> timer;
  std::set<std::shared_ptr<Job>> limited;  // their messages are delivered again after closing
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::idle || phase_ == Phase::active) phase_ = Phase::draining;
    timer = std::exchange(subscribe_timer_, std::nullopt);
    limited.swap(limited_);
    jobs_ -= limited.size();
    changed_.notify_all();
  }
  if (timer) bus_.cancel(*timer);
  for (const auto& job : limited) bus_.cancel(job->timer);
}

CloseReport ConsumerLoop::Impl::stop(Duration timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  drain();
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::stopped) return {.running = jobs_};
  if (handler_of == this) {
    close_when_idle_ = true;
    return {.running = jobs_};
  }
  changed_.wait_until(lock, deadline, [this] { return idle() && !subscribing_; });
  return close(lock, deadline);
}

/// Ends the subscription's handle. The lock is free while that waits.
CloseReport ConsumerLoop::Impl::close(std::unique_lock<std::mutex>& lock, TimePoint deadline) noexcept {
  const auto before = std::exchange(phase_, Phase::stopped);
  close_when_idle_ = false;
  const auto handle = std::exchange(handle_, nullptr);
  const auto unsettled = std::exchange(unsettled_, {});  // they are delivered again
  settling_ -= unsettled.size();
  CloseReport report{.running = jobs_};
  if (before != Phase::stopped && jobs_ > 0) {
    abandoned_ = true;
    metrics_.abandoned.add(static_cast<double>(jobs_));
  }
  lock.unlock();
  for (const auto& job : unsettled) bus_.cancel(job->timer);
  if (before == Phase::stopped) return report;
  metrics_.running(false);
  if (report.running > 0) {
    log::write(log::Level::warning, describe() + ": " + std::to_string(report.running) +
                                        " handlers still run; their messages will be delivered again");
    stop_.request_stop();
  }
  if (handle) handle->close(report.running > 0 ? Duration::zero() : left_until(deadline));
  return report;
}

/// The second half of a stop() that came from a handler.
void ConsumerLoop::Impl::close_if_idle(std::unique_lock<std::mutex> lock) {
  if (!close_when_idle_ || !idle()) return;
  close_when_idle_ = false;
  lock.unlock();
  bus_.post([self = shared_from_this()] {
    std::unique_lock inner(self->mutex_);
    self->close(inner, deadline_after(std::chrono::seconds(1)));
  });
}

// The face

ConsumerLoop::ConsumerLoop(Bus bus, ConsumerSettings settings, const schema::Type& type, Decode decode,
                           Run run)
    : impl_(std::make_shared<Impl>(std::move(bus), std::move(settings), type, std::move(decode),
                                   std::move(run))) {}
ConsumerLoop::~ConsumerLoop() { impl_->stop(std::chrono::seconds(10)); }
void ConsumerLoop::start() { impl_->start(); }
void ConsumerLoop::drain() noexcept { impl_->drain(); }
CloseReport ConsumerLoop::stop(Duration timeout) noexcept { return impl_->stop(timeout); }
bool ConsumerLoop::running() const noexcept { return impl_->running(); }

}  // namespace omnibus::framework::detail
