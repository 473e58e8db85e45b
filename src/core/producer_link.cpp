/// The link and the end of a producer; sending is in producer_core.cpp.

#include <utility>

#include "core/backoff.hpp"
#include "core/producer_core.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr Duration retire_time = std::chrono::seconds(5);
constexpr Duration close_grace = std::chrono::seconds(1);

/// Closes a driver producer that came too late to be used.
void dispose(const std::shared_ptr<Connection>& connection, std::unique_ptr<driver::Producer> producer) {
  std::shared_ptr<driver::Producer> held = std::move(producer);
  held->close(Clock::now(),
              [connection, held](const Error*) mutable { connection->defer([last = std::move(held)] {}); });
  connection->defer([last = std::move(held)] {});
}

}  // namespace

bool ends_producer(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::conflict:
    case ErrorCode::authentication:
    case ErrorCode::forbidden:
    case ErrorCode::not_found:
    case ErrorCode::protocol:
      return !error.retryable();
    default:
      return false;
  }
}

std::shared_ptr<ProducerCore> ProducerCore::open(const std::shared_ptr<Connection>& connection,
                                                 const QueueName& queue, const schema::Type* type,
                                                 ProducerOptions options) {
  const auto deadline = deadline_after(connection->options().connect_timeout);
  auto core = std::make_shared<ProducerCore>(connection, queue, type, std::move(options));
  connection->add(core);
  core->connect();
  Lock lock(core->mutex_);
  const bool answered =
      wait_until(core->changed_, lock, deadline, [&] { return core->state_ != State::connecting; });
  if (!answered) {
    const Error error = Error(ErrorCode::unavailable, "no answer within the connect timeout",
                              {.retryable = true, .backend = std::string(connection->backend().name())})
                            .with_context("cannot create a producer of " + queue.str());
    core->closing_ = true;
    core->end(lock);
    error.raise();
  }
  if (core->state_ == State::failed) {
    const Error error = core->reason_->with_context("cannot create a producer of " + queue.str());
    core->closing_ = true;
    core->end(lock);
    error.raise();
  }
  core->refuse_if_ended();
  return core;
}

void ProducerCore::connect() {
  {
    const Lock lock(mutex_);
    if (ended_ || (opened_ && state_ != State::waiting)) return;
    state_ = State::connecting;
  }
  const driver::ProducerConfig config{.queue = queue_,
                                      .name = name_,
                                      .named_by_user = !options_.name.empty(),
                                      .extra = options_.extra,
                                      .type = type_};
  try {
    connection_->backend().create_producer(
        config, [self = shared_from_this()](const Error* error, std::unique_ptr<driver::Producer> producer) {
          self->connected(error, std::move(producer));
        });
  } catch (...) {
    const Error error = to_error(std::current_exception());
    connected(&error, nullptr);
  }
}

void ProducerCore::connected(const Error* error, std::unique_ptr<driver::Producer> producer) noexcept {
  const DriverScope scope;
  Lock lock(mutex_);
  if (ended_ || state_ != State::connecting) {
    lock.unlock();
    if (producer) dispose(connection_, std::move(producer));
    return;
  }
  changed_.notify_all();
  if (error != nullptr) {
    if (!opened_ || !may_reconnect(*error)) return fail(lock, *error);
    reason_ = *error;
    state_ = State::waiting;
    return schedule_connect();
  }
  driver_ = std::move(producer);
  state_ = State::up;
  reason_.reset();
  if (std::exchange(opened_, true)) {
    reconnects_.add(connection_->metrics(), labels_);
    log_later(log::Level::info, "the link of the producer of " + queue_.str() + " is back, " +
                                    std::to_string(window_.size()) + " messages to send again");
  }
  first_pending_ = window_.front();
  pump(lock);
}

/// The first sign of trouble; several may follow for one loss.
void ProducerCore::lose_link(Lock& lock, const Error& error) {
  if (state_ == State::up) {
    state_ = State::lost;
    reason_ = error;
    log_later(log::Level::warning,
              "the link of the producer of " + queue_.str() + " is lost, connecting again: " + error.what());
    if (options_.fail_fast) {
      room_.notify_all();
      report(lock, take_unsent(late_error("cannot send to")));
    }
  }
  if (state_ == State::lost && !pumping_) retire(lock);
  maybe_end(lock);
}

/// For good: callers get the error at once and on every later call.
void ProducerCore::fail(Lock& lock, const Error& error) {
  if (state_ == State::closed || state_ == State::failed) return;
  state_ = State::failed;
  reason_ = error;
  if (opened_) {
    log_later(log::Level::error, "the producer of " + queue_.str() + " failed: " + error.what());
  }
  changed_.notify_all();
  room_.notify_all();
  report(lock, take_unsent(error));
  drained_.notify_all();
  maybe_end(lock);
}

/// Closes the driver's producer, after which none of its completions is outstanding. Nobody pumps.
void ProducerCore::retire(Lock& lock) {
  if (!driver_) return;
  retiring_ = std::move(driver_);
  if (!ended_) state_ = State::waiting;
  const TimePoint deadline = ended_ ? close_deadline_ : Clock::now() + retire_time;
  // Held over the call, and let go on the timer thread: this may be a call from the very producer.
  std::shared_ptr<driver::Producer> held = retiring_;
  lock.unlock();
  held->close(deadline, [self = shared_from_this()](const Error*) {
    self->connection_->defer([self] { self->retired(); });
  });
  connection_->defer([last = std::move(held)] {});
  lock.lock();
}

void ProducerCore::retired() noexcept {
  std::shared_ptr<driver::Producer> last;
  Lock lock(mutex_);
  last = std::move(retiring_);
  if (ended_) return end_driver(lock);
  if (state_ == State::waiting) schedule_connect();
}

void ProducerCore::schedule_connect() {
  const Duration delay = delay_of(link_backoff, ++attempts_, random_unit());
  connection_->schedule(Clock::now() + delay, [weak = weak_from_this()] {
    // Not on the pool: its threads may all wait for this very link.
    if (const auto self = weak.lock()) self->connect();
  });
}

void ProducerCore::log_later(log::Level level, std::string text) const {
  connection_->defer([level, line = std::move(text)] { log::write(level, line); });
}

// ---- closing

void ProducerCore::begin_close(TimePoint deadline) noexcept {
  Lock lock(mutex_);
  if (std::exchange(closing_, true)) return;
  close_deadline_ = deadline;
  room_.notify_all();
  flush_wanted_ = !window_.empty();
  pump(lock);
  maybe_end(lock);
  if (ended_) return;
  // Strong: its user may be gone, and who waits must be told all the same.
  close_token_ = connection_->schedule(deadline, [self = shared_from_this()] {
    Lock relock(self->mutex_);
    self->end(relock);
  });
}

void ProducerCore::maybe_end(Lock& lock) {
  if (closing_ && !ended_ && (window_.empty() || state_ == State::failed)) end(lock);
}

/// Takes back what the driver does not hold and closes the driver's producer.
void ProducerCore::end(Lock& lock) {
  if (std::exchange(ended_, true)) return;
  if (close_token_ != 0) connection_->cancel(close_token_);
  state_ = State::closed;
  room_.notify_all();
  drained_.notify_all();
  const ClosedError error("the producer of " + queue_.str() + " was closed before the message was sent");
  auto unsent = take_unsent(error);
  report_.unsent += unsent.size();
  report(lock, std::move(unsent));
  if (expiry_token_ != 0) connection_->cancel(std::exchange(expiry_token_, 0));
  if (!pumping_) end_driver(lock);
}

void ProducerCore::end_driver(Lock& lock) {
  if (driver_) return retire(lock);
  if (retiring_) return;  // retired() comes back here
  closed_ = true;
  changed_.notify_all();
}

/// The driver did not let go in time: users hear of their messages all the same.
void ProducerCore::give_up_waiting(Lock& lock) {
  const ClosedError error("the producer of " + queue_.str() + " was closed; the broker did not answer");
  std::vector<Finished> left;
  while (!window_.empty()) left.push_back(finish(window_.front(), &error));
  report_.unsent += left.size();
  closed_ = true;
  changed_.notify_all();
  report(lock, std::move(left));
}

CloseReport ProducerCore::close(Duration timeout) noexcept {
  const TimePoint deadline = deadline_after(timeout);
  begin_close(deadline);
  Lock lock(mutex_);
  if (thread_state.driver_depth > 0 || thread_state.handle == this) return report_;
  const TimePoint last = deadline > TimePoint::max() - close_grace ? deadline : deadline + close_grace;
  if (!wait_until(changed_, lock, last, [&] { return closed_; })) {
    end(lock);
    give_up_waiting(lock);
  }
  // What was reported to the pool has been heard by the user when this returns.
  wait_until(changed_, lock, std::max(last, Clock::now() + close_grace), [&] { return !completing_; });
  return report_;
}

}  // namespace omnibus::detail
