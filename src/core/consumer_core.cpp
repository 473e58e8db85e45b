#include "core/consumer_core.hpp"

#include <algorithm>
#include <utility>

#include "core/producer_core.hpp"
#include "core/text.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr Duration drop_log_interval = std::chrono::seconds(10);

ConsumerOptions checked(ConsumerOptions options, bool generated) {
  if (options.window == 0) throw ConfigError("ConsumerOptions::window is 0", "it must be at least 1");
  if (generated) options.lifetime = Lifetime::ephemeral;
  return options;
}

/// Ephemeral names hold random parts; one series each would grow without bound.
Labels labels_of(const QueueName& queue, std::string_view subscription, bool ephemeral) {
  return {{"queue", queue.str()},
          {"subscription", ephemeral ? std::string("ephemeral") : std::string(subscription)}};
}

}  // namespace

void Link::deliver(std::span<driver::Delivery> batch) noexcept {
  const DriverScope scope;
  core_->deliver(*this, batch);
}

void Link::dropped(std::uint64_t count) noexcept {
  const DriverScope scope;
  core_->dropped(count);
}

void Link::recreated() noexcept {
  const DriverScope scope;
  core_->recreated();
}

void Link::failed(const Error& error) noexcept {
  const DriverScope scope;
  core_->link_failed(*this, error);
}

ConsumerCore::ConsumerCore(std::shared_ptr<Connection> connection, const QueueName& queue,
                           std::string_view subscription, const schema::Type& type, ConsumerOptions options)
    : connection_(std::move(connection)),
      queue_(queue),
      subscription_(subscription.empty() ? "ephemeral-" + text::uuid() : std::string(subscription)),
      type_(type),
      options_(checked(std::move(options), subscription.empty())),
      tracked_(queue.qos != Qos::best_effort),
      labels_(labels_of(queue, subscription_, options_.lifetime == Lifetime::ephemeral)) {}

ConsumerCore::~ConsumerCore() {
  if (joined_) connection_->budget().leave();
}

std::string ConsumerCore::described() const { return queue_.str() + " (" + subscription_ + ")"; }

Error ConsumerCore::closed_error() const {
  return ClosedError("the consumer of " + described() + " is closed");
}

Error ConsumerCore::down_error(std::string_view what) const {
  std::string text = std::string(what) + " " + described() + ": the link is down";
  if (reason_) text += " (" + reason_->message() + ")";
  return {ErrorCode::unavailable, std::move(text),
          Error::Details{.retryable = true, .backend = std::string(connection_->backend().name())}};
}

void ConsumerCore::refuse_if_ended() const {
  if (closing_) closed_error().raise();
  if (state_ == State::failed) reason_->raise();
}

// ---- from the driver

void ConsumerCore::deliver(const Link& link, std::span<driver::Delivery> batch) noexcept {
  Lock lock(mutex_);
  // What comes for an old epoch or while closing goes back with the driver's consumer.
  if (link.epoch != epoch_ || closing_ || state_ == State::failed) return;
  received_.add(connection_->metrics(), labels_, batch.size());
  for (auto& delivery : batch) accept(delivery);
  grant(lock);
}

void ConsumerCore::accept(driver::Delivery& delivery) {
  if (credit_ > 0) --credit_;
  ++unsettled_;
  if (!tracked_) {
    delivery.attempt = 1;
  } else if (delivery.attempt == 0 && !delivery.message_id.empty()) {
    delivery.attempt = book_.attempt(delivery.message_id);
  }
  if (delivery.attempt > 1) redelivered_.add(connection_->metrics(), labels_);
  const std::size_t size = delivery.body.bytes().size();
  message_size_ = size > message_size_ ? size : message_size_ - (message_size_ - size) / 8;
  if (!std::exchange(joined_, true)) connection_->budget().join();
  connection_->budget().add(size);
  mailbox_.push_back({std::move(delivery), epoch_, tracked_ ? held_.add() : 0});
  if (waiting_.empty()) {
    arrived_.notify_one();
  } else {
    serve(waiting_.pop_front(), take(), std::nullopt);
  }
}

void ConsumerCore::dropped(std::uint64_t count) noexcept {
  dropped_.add(connection_->metrics(), labels_, count);
  const Lock lock(mutex_);
  drops_unlogged_ += count;
  const TimePoint now = Clock::now();
  if (now - drop_logged_ < drop_log_interval) return;
  drop_logged_ = now;
  log_later(log::Level::warning, described() + ": a slow consumer lost " +
                                     std::to_string(std::exchange(drops_unlogged_, 0)) + " messages");
}

void ConsumerCore::recreated() noexcept {
  recreated_.add(connection_->metrics(), labels_);
  log_later(
      log::Level::error,
      "the subscription of " + described() +
          " was removed by somebody else and is made anew: what it held is lost, and what was sent until now "
          "may be");
}

/// How much credit to give now.
std::size_t ConsumerCore::grantable() const {
  const std::size_t used = credit_ + unsettled_;
  if (state_ != State::up || closing_ || used >= options_.window) return 0;
  // One at a time until the first message tells the size; and one always, with nothing buffered.
  std::size_t allowed = joined_ ? connection_->budget().allowance(message_size_) : 1;
  if (allowed == 0 && mailbox_.empty()) allowed = 1;
  if (allowed <= credit_) return 0;
  const std::size_t wanted = std::min(options_.window - used, allowed - credit_);
  const std::size_t worthwhile = std::min(options_.window, allowed) / 4;
  return credit_ == 0 || wanted >= worthwhile ? wanted : 0;
}

/// Releases the lock around the driver's calls. A driver may deliver, and so come back here, before its
/// request() returns: the outer call goes on then.
void ConsumerCore::grant(Lock& lock) {
  if (granting_) {
    grant_again_ = true;
    return;
  }
  granting_ = true;
  do {
    grant_again_ = false;
    const std::size_t count = grantable();
    if (count == 0) continue;
    credit_ += count;
    auto link = link_;
    lock.unlock();
    link->consumer->request(count);
    link.reset();  // the last one perhaps: not under the lock
    lock.lock();
  } while (grant_again_);
  granting_ = false;
}

// ---- to the user

/// The next message of a mailbox that is not empty.
Envelope ConsumerCore::take() {
  Envelope envelope = mailbox_.pop_front();
  connection_->budget().remove(envelope.delivery.body.bytes().size());
  if (!tracked_) --unsettled_;
  return envelope;
}

/// Gives up a message that no user has seen; it goes back with the driver's consumer.
void ConsumerCore::forget(const Envelope& envelope) {
  if (tracked_ && envelope.epoch == epoch_ && held_.release(envelope.ticket)) --unsettled_;
}

void ConsumerCore::clear_mailbox() {
  while (!mailbox_.empty()) forget(take());
}

std::optional<Envelope> ConsumerCore::receive(Duration timeout) {
  const TimePoint deadline = deadline_after(timeout);
  Lock lock(mutex_);
  const auto down = [&] { return options_.fail_fast && state_ != State::up; };
  const auto due = [&] { return !mailbox_.empty() || closing_ || state_ == State::failed || down(); };
  const bool look = timeout > Duration::zero() && connection_->features().in_memory;
  if (!look || !look_again(lock, due)) wait_until(arrived_, lock, deadline, due);
  refuse_if_ended();
  if (mailbox_.empty()) {
    if (state_ != State::up) down_error("cannot receive from").raise();
    return std::nullopt;
  }
  Envelope envelope = take();
  grant(lock);
  return envelope;
}

void ConsumerCore::receive_async(Ready ready) {
  Lock lock(mutex_);
  if (closing_) return serve(std::move(ready), {}, closed_error());
  if (state_ == State::failed) return serve(std::move(ready), {}, reason_);
  if (!mailbox_.empty()) {
    serve(std::move(ready), take(), std::nullopt);
    return grant(lock);
  }
  if (options_.fail_fast && state_ != State::up) {
    return serve(std::move(ready), {}, down_error("cannot receive from"));
  }
  waiting_.push_back(std::move(ready));
}

void ConsumerCore::serve(Ready ready, Envelope envelope, std::optional<Error> error) {
  ++handlers_;
  served_.push_back({std::move(ready), std::move(envelope), std::move(error)});
  connection_->post([self = shared_from_this()] { self->run_served(); });
}

/// Runs the oldest that is served, on the pool.
void ConsumerCore::run_served() {
  Lock lock(mutex_);
  Served served = served_.pop_front();
  if (closing_ && !served.error) {
    served.error = closed_error();  // not started yet
    forget(served.envelope);
    served.envelope = {};
  }
  lock.unlock();
  {
    const HandleScope scope(this);
    try {
      served.ready(served.error ? &*served.error : nullptr, std::move(served.envelope));
    } catch (const std::exception& failure) {
      log::write(log::Level::error, "a receiver of " + described() + " failed: " + failure.what());
    } catch (...) {
      log::write(log::Level::error, "a receiver of " + described() + " failed with an unknown exception");
    }
    served = {};  // what the user's callback holds goes before close() may return
  }
  lock.lock();
  --handlers_;
  maybe_end(lock);
}

void ConsumerCore::fail_waiting(const Error& error) {
  arrived_.notify_all();
  while (!waiting_.empty()) serve(waiting_.pop_front(), {}, error);
}

bool ConsumerCore::decode(const Envelope& envelope, void* value) {
  std::unique_ptr<driver::Decoder> decoder;
  {
    const Lock lock(mutex_);
    if (!decoders_.empty()) {
      decoder = std::move(decoders_.back());
      decoders_.pop_back();
    }
  }
  std::optional<Error> error;
  try {
    if (!decoder) decoder = connection_->backend().decoder(type_);
    decoder->decode(envelope.delivery.body.bytes(), value);
  } catch (...) {
    error = to_error(std::current_exception());
  }
  if (decoder) {
    const Lock lock(mutex_);
    decoders_.push_back(std::move(decoder));
  }
  if (!error) return true;
  decode_errors_.add(connection_->metrics(), labels_);
  log::write(log::Level::warning, described() + ": rejected message " +
                                      text::quoted(envelope.delivery.message_id) + ": " + error->what());
  negative_acknowledge_async(envelope, error->what(), {});
  return false;
}

}  // namespace omnibus::detail
