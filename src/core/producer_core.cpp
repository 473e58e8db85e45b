#include "core/producer_core.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr int rounds_per_caller =
    16;  ///< batches one thread hands over before it leaves the rest to the pool

ProducerOptions checked(ProducerOptions options) {
  if (options.window == 0) throw ConfigError("ProducerOptions::window is 0", "it must be at least 1");
  options.batch_messages = std::clamp<std::size_t>(options.batch_messages, 1, options.window);
  return options;
}

/// Numbers of a producer that keeps its name across restarts go on above the earlier ones: they start at the
/// clock, which outruns any sender. Others start at one.
std::uint64_t first_sequence(const ProducerOptions& options) {
  if (options.name.empty()) return 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void run_user(Completion& done, const Error* error) noexcept {
  try {
    done(error);
  } catch (const std::exception& failure) {
    log::write(log::Level::error, std::string("a send completion failed: ") + failure.what());
  } catch (...) {
    log::write(log::Level::error, "a send completion failed with an unknown exception");
  }
}

}  // namespace

ProducerCore::ProducerCore(std::shared_ptr<Connection> connection, const QueueName& queue,
                           const schema::Type* type, ProducerOptions options)
    : connection_(std::move(connection)),
      queue_(queue),
      type_(type),
      options_(checked(std::move(options))),
      name_(options_.name.empty() ? connection_->instance() + "-" + text::uuid() : options_.name),
      labels_{{"queue", queue.str()}},
      at_once_(queue.qos == Qos::best_effort &&
               connection_->features().has(driver::Feature::inline_delivery)),
      slots_(options_.window_bytes / 4),
      last_sequence_(first_sequence(options_)) {}

void ProducerCore::refuse_if_ended() const {
  if (closing_) throw ClosedError("the producer of " + queue_.str() + " is closed");
  if (state_ == State::failed) reason_->raise();
}

Error ProducerCore::late_error(std::string_view what) const {
  std::string text = std::string(what) + " " + queue_.str();
  if (state_ == State::up) return TimeoutError(text + ": not confirmed within the timeout");
  text += ": the link is down";
  if (reason_) text += " (" + reason_->message() + ")";
  return {ErrorCode::unavailable, std::move(text),
          Error::Details{.retryable = true, .backend = std::string(connection_->backend().name())}};
}

// ---- sending

void ProducerCore::send(const void* value, const SendOptions& options) {
  refuse_from_inside();
  StackWaiter waiter;
  Completion done = [&waiter](const Error* error) { waiter.set(error); };
  if (!at_once_ || !send_at_once(value, options, done, true)) {
    Slot* slot = encoded(value, options);
    slot->done = std::move(done);
    slot->run_inline = slot->sync = true;
    submit(slot, options);
  }
  waiter.wait();
}

void ProducerCore::send_async(const void* value, const SendOptions& options, Completion done) {
  if (at_once_ && send_at_once(value, options, done, false)) return;
  Slot* slot = encoded(value, options);
  slot->done = std::move(done);
  slot->run_inline = options_.inline_completion;
  submit(slot, options);
}

/// Without the window, on this thread: for best effort that is handled inline or that nobody takes. False:
/// it is to be sent as usual.
bool ProducerCore::send_at_once(const void* value, const SendOptions& options, Completion& done, bool sync) {
  validate(options.properties);
  Slot* slot = nullptr;
  {
    const Lock lock(mutex_);
    refuse_if_ended();
    if (pumping_ || state_ != State::up || !window_.empty()) return false;
    slot = slots_.take();
    number(slot, options);
    pumping_ = true;  // what others send meanwhile waits in the window
  }
  bool sent = false;
  std::exception_ptr failure;
  try {
    encode(slot, value, options);
    check_size(*slot);
    const SendingScope scope(this);
    sent = driver_->send_at_once(slot->message);
  } catch (...) {
    failure = std::current_exception();
  }
  Lock lock(mutex_);
  pumping_ = false;
  if (sent || failure) {
    slots_.give_back(slot);
  } else {
    slot->done = std::move(done);
    slot->sync = sync;
    slot->run_inline = sync || options_.inline_completion;
    queue_first(lock, slot, options);
  }
  if (sent) {
    sent_.add(connection_->metrics(), labels_);
    report(lock, {std::move(done), std::nullopt, sync || options_.inline_completion});
  }
  if (first_pending_ != nullptr || flush_wanted_) {
    pump(lock);
  } else {
    stop_pumping(lock);
  }
  lock.unlock();
  if (failure) std::rethrow_exception(failure);
  return true;
}

/// The driver did not take it at once. It goes before what came meanwhile.
void ProducerCore::queue_first(Lock& lock, Slot* slot, const SendOptions& options) {
  slot->deadline =
      deadline_after(options.timeout > Duration::zero() ? options.timeout : options_.send_timeout);
  window_.push_front(slot);
  first_pending_ = slot;
  bytes_ += slot->message.payload.size();
  ++pending_;
  if (slot->deadline < expiry_at_) arm_expiry(slot->deadline);
  if (!ended_) return;
  const ClosedError error("the producer of " + queue_.str() + " was closed before the message was sent");
  ++report_.unsent;
  report(lock, finish(slot, &error));
}

/// What runs inside this producer's own send must not wait for it.
void ProducerCore::refuse_from_inside() const {
  if (!thread_state.sends(this)) return;
  throw Error(
      ErrorCode::would_block,
      "an inline handler that runs in a send to " + queue_.str() + " cannot wait for the same producer",
      {.hint = "use send_async there"});
}

void ProducerCore::send_copy(std::string_view payload, const Properties& properties, std::string_view key,
                             Completion done) {
  SendOptions options{.properties = properties, .key = std::string(key)};
  Slot* slot = lend();
  slot->message.payload = payload;
  slot->done = std::move(done);
  slot->run_inline = true;
  fill(slot, options);
  submit(slot, options);
}

Slot* ProducerCore::lend() {
  const Lock lock(mutex_);
  refuse_if_ended();
  return slots_.take();
}

void ProducerCore::give_back(Slot* slot) noexcept {
  slot->done = nullptr;
  const Lock lock(mutex_);
  slots_.give_back(slot);
}

Slot* ProducerCore::encoded(const void* value, const SendOptions& options) {
  validate(options.properties);
  Slot* slot = lend();
  try {
    encode(slot, value, options);
  } catch (...) {
    give_back(slot);
    throw;
  }
  return slot;
}

void ProducerCore::encode(Slot* slot, const void* value, const SendOptions& options) {
  if (options.delay > Duration::zero()) {
    connection_->require(driver::Feature::delayed_send, "a send with a delay");
  }
  if (!slot->encoder) slot->encoder = connection_->backend().encoder(*type_);
  slot->encoder->encode(value, slot->message.payload);
  fill(slot, options);
}

void ProducerCore::fill(Slot* slot, const SendOptions& options) {
  slot->message.properties = options.properties;
  slot->message.key = options.key;
  slot->message.delay = std::max(options.delay, Duration::zero());
}

void ProducerCore::submit(Slot* slot, const SendOptions& options) {
  slot->deadline =
      deadline_after(options.timeout > Duration::zero() ? options.timeout : options_.send_timeout);
  Lock lock(mutex_);
  try {
    check_size(*slot);
    wait_for_room(lock, *slot);
  } catch (...) {
    lock.unlock();
    give_back(slot);
    throw;
  }
  enqueue(slot, options);
  const bool now = options_.linger <= Duration::zero() || slot->sync || pending_ >= options_.batch_messages;
  if (now) {
    pump(lock);
  } else {
    arm_linger();
  }
}

void ProducerCore::check_size(const Slot& slot) const {
  const std::size_t limit = connection_->features().max_message_size;
  const std::size_t size = slot.message.payload.size();
  if (limit == 0 || size <= limit) return;
  throw Error(ErrorCode::too_large,
              "cannot send to " + queue_.str() + ": the message has " + std::to_string(size) +
                  " bytes, the limit is " + std::to_string(limit),
              {.backend = std::string(connection_->backend().name())});
}

/// One message larger than the window passes alone.
bool ProducerCore::has_room(const Slot& slot) const noexcept {
  if (window_.empty()) return true;
  return window_.size() < options_.window && bytes_ + slot.message.payload.size() <= options_.window_bytes;
}

void ProducerCore::wait_for_room(Lock& lock, const Slot& slot) {
  for (;;) {
    refuse_if_ended();
    if (options_.fail_fast && state_ != State::up) throw late_error("cannot send to");
    if (has_room(slot)) return;
    refuse_from_inside();
    if (!options_.block_when_full && !slot.sync) {
      throw Error(ErrorCode::would_block, "the send window of " + queue_.str() + " is full",
                  {.retryable = true});
    }
    const bool in_time = wait_until(room_, lock, slot.deadline, [&] {
      return has_room(slot) || closing_ || state_ == State::failed ||
             (options_.fail_fast && state_ != State::up);
    });
    if (!in_time) late_error("cannot send to").raise();
  }
}

void ProducerCore::number(Slot* slot, const SendOptions& options) {
  slot->message.sequence = options.sequence.value_or(last_sequence_ + 1);
  last_sequence_ = std::max(last_sequence_, slot->message.sequence);
  slot->ticket = ++last_ticket_;
}

void ProducerCore::enqueue(Slot* slot, const SendOptions& options) {
  number(slot, options);
  window_.push_back(slot);
  bytes_ += slot->message.payload.size();
  ++pending_;
  if (first_pending_ == nullptr) first_pending_ = slot;
  if (slot->deadline < expiry_at_) arm_expiry(slot->deadline);
}

void ProducerCore::gather() {
  Slot* slot = first_pending_;
  for (; slot != nullptr && batch_.size() < options_.batch_messages; slot = slot->next) {
    if (slot->in_driver) continue;
    slot->in_driver = true;
    --pending_;
    batch_.push_back({&slot->message,
                      [self = shared_from_this(), slot](const Error* error) { self->on_sent(slot, error); }});
  }
  first_pending_ = slot;
}

/// Hands over what is pending unless another thread does; that one takes ours along. Releases the lock
/// around the driver's calls.
void ProducerCore::pump(Lock& lock) {
  if (pumping_) return;
  pumping_ = true;
  for (int round = 0; state_ == State::up && (first_pending_ != nullptr || flush_wanted_); ++round) {
    if (round == rounds_per_caller) {
      connection_->post([self = shared_from_this()] {
        Lock relock(self->mutex_);
        self->pump(relock);
      });
      break;
    }
    gather();
    const bool flush = std::exchange(flush_wanted_, false);
    lock.unlock();
    {
      const SendingScope scope(this);
      if (!batch_.empty()) driver_->send(batch_);
      if (flush) driver_->flush([](const Error*) {});
      batch_.clear();
    }
    lock.lock();
  }
  pumping_ = false;
  stop_pumping(lock);
}

/// What waited for the thread that pumped.
void ProducerCore::stop_pumping(Lock& lock) {
  if (ended_) {
    end_driver(lock);
  } else if (state_ == State::lost) {
    retire(lock);
  }
}

void ProducerCore::on_sent(Slot* slot, const Error* error) noexcept {
  const DriverScope scope;
  Lock lock(mutex_);
  slot->in_driver = false;
  if (slot->abandoned) {
    slots_.give_back(slot);
    if (error != nullptr && is_link_error(*error)) lose_link(lock, *error);
    return;
  }
  ++pending_;  // until it is unlinked, the driver no longer holds it
  if (error == nullptr) {
    attempts_ = 0;
    if (closing_) ++report_.flushed;
    sent_.add(connection_->metrics(), labels_);
  } else if (ended_) {
    ++report_.unsent;
    const ClosedError closed("the producer of " + queue_.str() + " was closed before the send was confirmed");
    return settle(lock, slot, &closed);
  } else if (is_link_error(*error)) {
    if (options_.fail_fast && state_ != State::up) {
      const Error down = late_error("cannot send to");
      return settle(lock, slot, &down);
    }
    return lose_link(lock, *error);  // stays in the window: sent again, or failed at once
  } else if (ends_producer(*error)) {
    settle(lock, slot, error);
    return fail(lock, *error);
  }
  settle(lock, slot, error);
}

void ProducerCore::settle(Lock& lock, Slot* slot, const Error* error) {
  report(lock, finish(slot, error));
  maybe_end(lock);
}

void ProducerCore::unlink(Slot* slot) {
  if (first_pending_ == slot) first_pending_ = slot->next;
  if (!slot->in_driver) --pending_;
  bytes_ -= slot->message.payload.size();
  window_.remove(slot);
  if (window_.empty()) {
    room_.notify_all();
  } else {
    room_.notify_one();
  }
  if (flushers_ > 0 && (window_.empty() || window_.front()->ticket > flush_target_)) drained_.notify_all();
}

/// Takes a message out of the window; the slot is lent again once the driver has let go of it.
ProducerCore::Finished ProducerCore::finish(Slot* slot, const Error* error) {
  unlink(slot);
  Finished finished{std::move(slot->done), std::nullopt, slot->run_inline};
  slot->done = nullptr;
  if (error != nullptr) {
    finished.error = *error;
    if (!slot->sync && !first_failure_) first_failure_ = *error;
  }
  if (slot->in_driver) {
    slot->abandoned = true;
  } else {
    slots_.give_back(slot);
  }
  return finished;
}

void ProducerCore::report(Lock& lock, Finished finished) {
  if (!finished.done) return;
  if (finished.run_inline) {
    lock.unlock();
    {
      const DriverScope scope;  // wherever this is, the timer thread for one: nothing may wait
      run_user(finished.done, finished.error ? &*finished.error : nullptr);
      finished.done = nullptr;
    }
    lock.lock();
    return;
  }
  finished_.push_back(std::move(finished));
  if (std::exchange(completing_, true)) return;
  connection_->post([self = shared_from_this()] { self->run_completions(); });
}

void ProducerCore::report(Lock& lock, std::vector<Finished> finished) {
  for (auto& one : finished) report(lock, std::move(one));
}

void ProducerCore::run_completions() {
  const HandleScope scope(this);
  Lock lock(mutex_);
  while (!finished_.empty()) {
    running_.swap(finished_);
    lock.unlock();
    for (auto& one : running_) run_user(one.done, one.error ? &*one.error : nullptr);
    running_.clear();
    lock.lock();
  }
  completing_ = false;
  changed_.notify_all();
}

std::vector<ProducerCore::Finished> ProducerCore::take_unsent(const Error& error) {
  std::vector<Finished> taken;
  for (Slot* slot = window_.front(); slot != nullptr;) {
    Slot* const next = slot->next;
    if (!slot->in_driver) taken.push_back(finish(slot, &error));
    slot = next;
  }
  return taken;
}

void ProducerCore::arm_linger() {
  if (std::exchange(linger_armed_, true)) return;
  connection_->schedule(Clock::now() + options_.linger, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->connection_->post([self] {
      Lock lock(self->mutex_);
      self->linger_armed_ = false;
      self->pump(lock);
    });
  });
}

void ProducerCore::arm_expiry(TimePoint deadline) {
  if (expiry_token_ != 0) connection_->cancel(expiry_token_);
  expiry_at_ = deadline;
  expiry_token_ = connection_->schedule(deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire();
  });
}

/// Ends the messages whose time is over.
void ProducerCore::expire() {
  Lock lock(mutex_);
  const TimePoint now = Clock::now();
  TimePoint next = TimePoint::max();
  std::vector<Finished> late;
  const Error error = late_error("cannot send to");
  for (Slot* slot = window_.front(); slot != nullptr;) {
    Slot* const following = slot->next;
    if (slot->deadline <= now) {
      late.push_back(finish(slot, &error));
      if (closing_) ++report_.unsent;
    } else {
      next = std::min(next, slot->deadline);
    }
    slot = following;
  }
  expiry_token_ = 0;
  expiry_at_ = TimePoint::max();
  if (next != TimePoint::max()) arm_expiry(next);
  report(lock, std::move(late));
  maybe_end(lock);
}

void ProducerCore::flush(Duration timeout) {
  refuse_from_inside();
  const TimePoint deadline = deadline_after(timeout);
  Lock lock(mutex_);
  const std::uint64_t target = last_ticket_;
  flush_target_ = flushers_ == 0 ? target : std::min(flush_target_, target);
  ++flushers_;
  if (!window_.empty()) {
    flush_wanted_ = true;
    pump(lock);
  }
  const bool in_time = wait_until(drained_, lock, deadline, [&] {
    return window_.empty() || window_.front()->ticket > target || ended_;
  });
  --flushers_;
  if (const auto failure = std::exchange(first_failure_, std::nullopt)) failure->raise();
  if (!in_time) late_error("cannot flush").raise();
  refuse_if_ended();
}

}  // namespace omnibus::detail
