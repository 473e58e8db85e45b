/// The link and the end of a consumer; receiving is in consumer_core.cpp.

#include <array>
#include <utility>

#include "core/backoff.hpp"
#include "core/consumer_core.hpp"
#include "core/producer_core.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr Duration retire_time = std::chrono::seconds(5);
constexpr Duration close_grace = std::chrono::seconds(1);
constexpr Duration settle_time = std::chrono::seconds(30);  ///< acknowledgements wait so long for a link

/// Closes a link's consumer; the last reference goes on the timer thread, never inside a call of the driver.
void close_link(const std::shared_ptr<Connection>& connection, std::shared_ptr<Link> link, TimePoint deadline,
                UniqueFunction<void()> then) {
  link->consumer->close(deadline, [connection, link, next = std::move(then)](const Error*) mutable {
    connection->defer([last = std::move(link), next = std::move(next)]() mutable {
      if (next) next();
    });
  });
  connection->defer([last = std::move(link)] {});
}

void check_features(Connection& connection, const QueueName& queue, const ConsumerOptions& options) {
  using driver::Feature;
  if (queue.qos == Qos::best_effort) {
    connection.require(Feature::best_effort, "best effort (q0)");
  } else {
    connection.require(Feature::at_least_once, "at least once (q1)");
    connection.note(Feature::negative_acknowledge);
  }
  constexpr std::array<Feature, 3> sharing{Feature::shared, Feature::exclusive, Feature::failover};
  constexpr std::array<std::string_view, 3> names{"a shared subscription", "an exclusive subscription",
                                                  "a failover subscription"};
  const auto mode = static_cast<std::size_t>(options.sharing);
  connection.require(sharing[mode], names[mode]);
  if (options.position == Position::earliest) {
    connection.require(Feature::earliest, "the position `earliest`");
  }
  if (options.lifetime == Lifetime::ephemeral) {
    connection.require(Feature::ephemeral, "an ephemeral subscription");
  }
  if (options.ordered_keys) connection.require(Feature::ordered_keys, "ordered_keys");
  if (options.ack_timeout > Duration::zero()) connection.require(Feature::ack_timeout, "ack_timeout");
}

}  // namespace

std::shared_ptr<ConsumerCore> ConsumerCore::open(const std::shared_ptr<Connection>& connection,
                                                 const QueueName& queue, std::string_view subscription,
                                                 const schema::Type& type, ConsumerOptions options) {
  const auto deadline = deadline_after(connection->options().connect_timeout);
  auto core = std::make_shared<ConsumerCore>(connection, queue, subscription, type, std::move(options));
  validate_subscription(core->subscription_);
  check_features(*connection, queue, core->options_);
  connection->add(core);
  core->connect();
  Lock lock(core->mutex_);
  const bool answered =
      wait_until(core->changed_, lock, deadline, [&] { return core->state_ != State::connecting; });
  std::optional<Error> error;
  if (!answered) {
    error = Error(ErrorCode::unavailable, "no answer within the connect timeout",
                  {.retryable = true, .backend = std::string(connection->backend().name())});
  } else if (core->state_ == State::failed) {
    error = core->reason_;
  }
  if (error) {
    core->closing_ = true;
    core->end(lock);
    lock.unlock();
    error->with_context("cannot subscribe to " + core->described()).raise();
  }
  core->refuse_if_ended();
  return core;
}

void ConsumerCore::connect() {
  std::shared_ptr<Link> link;
  {
    const Lock lock(mutex_);
    if (ended_ || (opened_ && state_ != State::waiting)) return;
    state_ = State::connecting;
    early_failure_.reset();
    link = std::make_shared<Link>(shared_from_this(), epoch_);
  }
  const driver::ConsumerConfig config{.queue = queue_, .subscription = subscription_, .options = options_};
  try {
    connection_->backend().create_consumer(
        config, *link,
        [self = shared_from_this(), link](const Error* error, std::unique_ptr<driver::Consumer> consumer) {
          self->connected(link, error, std::move(consumer));
        });
  } catch (...) {
    const Error error = to_error(std::current_exception());
    connected(link, &error, nullptr);
  }
}

void ConsumerCore::connected(std::shared_ptr<Link> link, const Error* error,
                             std::unique_ptr<driver::Consumer> consumer) noexcept {
  const DriverScope scope;
  link->consumer = std::move(consumer);
  Lock lock(mutex_);
  if (ended_ || state_ != State::connecting || link->epoch != epoch_) {
    lock.unlock();
    if (link->consumer) close_link(connection_, std::move(link), Clock::now(), {});
    return;
  }
  changed_.notify_all();
  if (error != nullptr) {
    if (!opened_ || !may_reconnect(*error)) return fail(lock, *error);
    reason_ = *error;
    state_ = State::waiting;
    return schedule_connect();
  }
  link_ = std::move(link);
  state_ = State::up;
  attempts_ = 0;
  acks_expired_ = false;
  if (early_failure_) {
    const Error early = *std::exchange(early_failure_, std::nullopt);
    return opened_ ? lose_link(lock, early) : fail(lock, early);
  }
  reason_.reset();
  if (std::exchange(opened_, true)) {
    reconnects_.add(connection_->metrics(), labels_);
    log_later(log::Level::info, "the link of the consumer of " + described() + " is back");
  }
  pump_acks(lock);
  grant(lock);
}

void ConsumerCore::link_failed(const Link& link, const Error& error) noexcept {
  Lock lock(mutex_);
  if (link.epoch != epoch_ || ended_) return;
  if (state_ == State::connecting) {
    early_failure_ = error;
  } else if (state_ == State::up) {
    lose_link(lock, error);
  }
}

/// What was delivered over the link comes again or goes to other consumers; only best-effort messages, which
/// do not, stay in the mailbox.
void ConsumerCore::lose_link(Lock& lock, const Error& error) {
  if (!may_reconnect(error) && error.code() != ErrorCode::closed) return fail(lock, error);
  state_ = State::lost;
  reason_ = error;
  ++epoch_;
  if (tracked_) {
    clear_mailbox();
    held_ = {};
    unsettled_ = 0;
  }
  credit_ = 0;
  log_later(log::Level::warning,
            "the link of the consumer of " + described() + " is lost, subscribing again: " + error.what());
  if (options_.fail_fast) fail_waiting(down_error("cannot receive from"));
  connection_->schedule(Clock::now() + settle_time, [weak = weak_from_this(), epoch = epoch_] {
    const auto self = weak.lock();
    if (!self) return;
    Lock relock(self->mutex_);
    if (self->epoch_ != epoch || self->state_ == State::up || self->ended_) return;
    self->acks_expired_ = true;
    self->fail_acks(relock, self->down_error("cannot acknowledge to"));
  });
  retire(lock);
  if (!connection_->features().has(driver::Feature::ack_after_reconnect)) fail_acks(lock, stale_error());
}

/// For good: callers get the error at once and on every later call.
void ConsumerCore::fail(Lock& lock, const Error& error) {
  if (state_ == State::closed || state_ == State::failed) return;
  state_ = State::failed;
  reason_ = error;
  if (opened_) log_later(log::Level::error, "the consumer of " + described() + " failed: " + error.what());
  changed_.notify_all();
  clear_mailbox();
  fail_waiting(error);
  fail_acks(lock, error);
  maybe_end(lock);
}

/// Closes the driver's consumer; what it still holds completes before.
void ConsumerCore::retire(Lock& lock) {
  if (!link_) return;
  retiring_ = std::move(link_);
  if (!ended_) state_ = State::waiting;
  const TimePoint deadline = ended_ ? close_deadline_ : Clock::now() + retire_time;
  // On the timer thread: this may be a call from the very consumer.
  connection_->defer([self = shared_from_this(), link = retiring_, deadline] {
    close_link(self->connection_, link, deadline, [self] { self->retired(); });
  });
  static_cast<void>(lock);
}

void ConsumerCore::retired() noexcept {
  std::shared_ptr<Link> last;
  Lock lock(mutex_);
  last = std::move(retiring_);
  if (ended_) return end_driver(lock);
  if (state_ == State::waiting) schedule_connect();
}

void ConsumerCore::schedule_connect() {
  const Duration delay = delay_of(link_backoff, ++attempts_, random_unit());
  connection_->schedule(Clock::now() + delay, [weak = weak_from_this()] {
    // Not on the pool: its threads may all wait for this very link.
    if (const auto self = weak.lock()) self->connect();
  });
}

void ConsumerCore::log_later(log::Level level, std::string text) const {
  connection_->defer([level, line = std::move(text)] { log::write(level, line); });
}

void ConsumerCore::unsubscribe() {
  const TimePoint deadline = Clock::now() + settle_time;
  const auto waiter = std::make_shared<SharedWaiter<std::optional<Error>>>();
  std::shared_ptr<Link> link;
  {
    Lock lock(mutex_);
    refuse_if_ended();
    if (state_ != State::up) down_error("cannot unsubscribe from").raise();
    link = link_;
  }
  link->consumer->unsubscribe([waiter](const Error* error) {
    waiter->set(error != nullptr ? std::optional<Error>(*error) : std::nullopt);
  });
  const auto answer = waiter->wait_until(deadline);
  if (!answer) throw TimeoutError("cannot unsubscribe from " + described() + ": not confirmed in time");
  if (*answer) (*answer)->raise();
  close(std::chrono::seconds(10));
}

// ---- closing

void ConsumerCore::begin_close(TimePoint deadline) noexcept {
  Lock lock(mutex_);
  if (std::exchange(closing_, true)) return;
  close_deadline_ = deadline;
  clear_mailbox();
  fail_waiting(closed_error());
  maybe_end(lock);
  if (ended_) return;
  // Strong: its user may be gone, and who waits must be told all the same.
  close_token_ = connection_->schedule(deadline, [self = shared_from_this()] {
    Lock relock(self->mutex_);
    self->end(relock);
  });
}

/// Handlers that run and what they settle come first.
void ConsumerCore::maybe_end(Lock& lock) {
  if (!closing_ || ended_) return;
  if (state_ == State::failed || (handlers_ == 0 && settling_ == 0)) end(lock);
}

void ConsumerCore::end(Lock& lock) {
  if (std::exchange(ended_, true)) return;
  if (close_token_ != 0) connection_->cancel(close_token_);
  report_.running = handlers_;
  if (tracked_) report_.running = std::max(handlers_, unsettled_);
  state_ = State::closed;
  fail_acks(lock, closed_error());
  drop_dead_letters(lock, close_deadline_);
  end_driver(lock);
}

void ConsumerCore::end_driver(Lock& lock) {
  if (link_) return retire(lock);
  if (retiring_) return;  // retired() comes back here
  closed_ = true;
  changed_.notify_all();
}

CloseReport ConsumerCore::close(Duration timeout) noexcept {
  const TimePoint deadline = deadline_after(timeout);
  begin_close(deadline);
  Lock lock(mutex_);
  if (thread_state.driver_depth > 0 || thread_state.handle == this) return report_;
  const TimePoint last = deadline > TimePoint::max() - close_grace ? deadline : deadline + close_grace;
  if (!wait_until(changed_, lock, last, [&] { return closed_; })) {
    end(lock);
    // The driver did not let go in time: whoever waits hears of it all the same.
    closed_ = true;
    changed_.notify_all();
    const auto held = std::exchange(batches_, {});
    const Error error = closed_error();
    for (const auto& batch : held) {
      for (auto& ack : batch->acks) report(lock, std::move(ack.settling), &error);
    }
  }
  // What was reported to the pool has been heard by the user when this returns.
  wait_until(changed_, lock, std::max(last, Clock::now() + close_grace), [&] { return !completing_; });
  return report_;
}

}  // namespace omnibus::detail
