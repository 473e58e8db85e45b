/// How a consumer settles messages; receiving is in consumer_core.cpp.

#include <algorithm>
#include <array>
#include <utility>

#include "core/backoff.hpp"
#include "core/consumer_core.hpp"
#include "core/text.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr std::size_t batch_size = 256;
constexpr std::size_t calls_at_once = 2;  ///< further acknowledgements gather until one of these returns

void run_user(Completion& done, const Error* error) noexcept {
  try {
    if (done) done(error);
  } catch (const std::exception& failure) {
    log::write(log::Level::error, std::string("a completion failed: ") + failure.what());
  } catch (...) {
    log::write(log::Level::error, "a completion failed with an unknown exception");
  }
}

}  // namespace

Error ConsumerCore::stale_error() const {
  return {ErrorCode::stale_ack,
          "the message of " + described() +
              " is no longer held by this consumer: it was given back or came over an earlier link"};
}

Duration ConsumerCore::redelivery_delay(std::uint32_t attempt) const {
  return delay_of(options_.redelivery, std::max(attempt, 1u), random_unit());
}

/// Tries again by itself what failed and has no completion: nobody else would, and the message would keep its
/// place in the window.
void ConsumerCore::settle_later(const Error& error, UniqueFunction<void(ConsumerCore&)> settle) {
  if (!error.retryable()) return;
  log_later(log::Level::warning,
            "the consumer of " + described() + " could not settle a message, trying again: " + error.what());
  connection_->schedule(Clock::now() + redelivery_delay(1),
                        [weak = weak_from_this(), work = std::move(settle)]() mutable {
                          if (const auto self = weak.lock()) work(*self);
                        });
}

void ConsumerCore::unacknowledged(const Ack& ack, const Error& error) {
  restore(ack.settling, error);
  if (ack.settling.done) return;
  Envelope envelope;  // what acknowledging reads of it
  envelope.delivery.ack = ack.id;
  envelope.epoch = ack.settling.epoch;
  envelope.ticket = ack.settling.ticket;
  settle_later(error,
               [again = std::move(envelope)](ConsumerCore& self) { self.acknowledge_async(again, {}); });
}

/// A settling that the broker could not do may be tried again.
void ConsumerCore::restore(const Settling& settling, const Error& error) {
  if (settling.epoch != epoch_ || error.code() == ErrorCode::stale_ack || ended_) return;
  held_.restore(settling.ticket);
  ++unsettled_;
}

/// Whether the driver's consumer of now knows the delivery: to another link its id may mean another message.
bool ConsumerCore::reachable(const Envelope& envelope) const {
  return envelope.epoch == epoch_ || connection_->features().has(driver::Feature::ack_after_reconnect);
}

/// Called with the lock held. Ours: not settled so far, settled now.
ConsumerCore::Holding ConsumerCore::hold(const Envelope& envelope) {
  if (!reachable(envelope)) return Holding::stale;
  if (envelope.epoch != epoch_) return Holding::ours;
  if (!held_.release(envelope.ticket)) return Holding::settled;
  --unsettled_;
  return Holding::ours;
}

// ---- acknowledge

void ConsumerCore::acknowledge(const Envelope& envelope) {
  StackWaiter waiter;
  settle_async(envelope,
               {[&waiter](const Error* error) { waiter.set(error); }, true, envelope.epoch, envelope.ticket});
  waiter.wait();
}

void ConsumerCore::acknowledge_async(const Envelope& envelope, Completion done) {
  settle_async(envelope, {std::move(done), false, envelope.epoch, envelope.ticket});
}

void ConsumerCore::settle_async(const Envelope& envelope, Settling settling) {
  Lock lock(mutex_);
  ++settling_;
  if (ended_) {
    const Error error = closed_error();
    return report(lock, std::move(settling), &error);
  }
  if (!tracked_) return report(lock, std::move(settling), nullptr);
  if (state_ == State::failed) return report(lock, std::move(settling), &*reason_);
  const Holding holding = hold(envelope);
  const bool given_back = envelope.epoch == epoch_ && held_.was_given_back(envelope.ticket);
  if (holding == Holding::stale || (holding == Holding::settled && given_back)) {
    const Error error = stale_error();
    return report(lock, std::move(settling), &error);
  }
  if (holding == Holding::settled) return report(lock, std::move(settling), nullptr);
  acknowledge_held(lock, envelope, std::move(settling));
}

void ConsumerCore::acknowledge_held(Lock& lock, const Envelope& envelope, Settling settling) {
  if (acks_expired_ && state_ != State::up) {
    const Error error = down_error("cannot acknowledge to");
    return report(lock, std::move(settling), &error);
  }
  book_.settled(envelope.delivery.message_id);
  acks_.push_back({envelope.delivery.ack, std::move(settling)});
  pump_acks(lock);
  grant(lock);
}

/// Hands acknowledgements to the driver. With two calls under way the next gather, so that a driver with a
/// round trip per call sees few large ones. Releases the lock around the driver's calls.
void ConsumerCore::pump_acks(Lock& lock) {
  if (pumping_acks_) return;
  pumping_acks_ = true;
  while (state_ == State::up && !acks_.empty() && ack_calls_ < calls_at_once) {
    const auto batch = next_acks();
    auto link = link_;
    lock.unlock();
    link->consumer->acknowledge(
        batch->ids, [self = shared_from_this(), batch](const Error* error) { self->on_acked(batch, error); });
    link.reset();  // the last one perhaps: not under the lock
    lock.lock();
  }
  pumping_acks_ = false;
}

std::shared_ptr<ConsumerCore::AckBatch> ConsumerCore::next_acks() {
  auto batch = spare_batch_ ? std::exchange(spare_batch_, nullptr) : std::make_shared<AckBatch>();
  do {
    Ack ack = acks_.pop_front();
    batch->ids.push_back(ack.id);
    batch->acks.push_back(std::move(ack));
  } while (!acks_.empty() && batch->ids.size() < batch_size && !batch->acks.back().alone &&
           !acks_.front().alone);
  ++ack_calls_;
  batches_.push_back(batch);
  return batch;
}

void ConsumerCore::on_acked(const std::shared_ptr<AckBatch>& batch, const Error* error) noexcept {
  const DriverScope scope;
  Lock lock(mutex_);
  if (std::erase(batches_, batch) == 0) return;  // given up by close()
  --ack_calls_;
  const bool lost = error != nullptr && is_link_error(*error) && !ended_;
  if (lost && state_ == State::up) lose_link(lock, *error);
  const bool keep =
      lost && state_ != State::failed && connection_->features().has(driver::Feature::ack_after_reconnect);
  std::optional<Error> verdict;
  if (error != nullptr) verdict = lost ? stale_error() : *error;
  if (ended_ && error != nullptr) verdict = closed_error();
  for (auto& ack : batch->acks) {
    if (keep) {
      acks_.push_back(std::move(ack));  // said again over the next link
    } else if (verdict && verdict->code() == ErrorCode::stale_ack && !lost && batch->acks.size() > 1) {
      ack.alone = true;  // another's fault perhaps: each is asked for itself, acknowledging is idempotent
      acks_.push_back(std::move(ack));
    } else {
      if (!verdict) acked_.add(connection_->metrics(), labels_);
      if (verdict) unacknowledged(ack, *verdict);
      report(lock, std::move(ack.settling), verdict ? &*verdict : nullptr);
    }
  }
  batch->ids.clear();
  batch->acks.clear();
  spare_batch_ = batch;
  pump_acks(lock);
  maybe_end(lock);
}

/// Ends one settling. Releases the lock while a waiting thread is woken.
void ConsumerCore::report(Lock& lock, Settling settling, const Error* error) {
  --settling_;
  if (settling.run_inline) {
    std::optional<Error> copy;
    if (error != nullptr) copy = *error;
    lock.unlock();
    run_user(settling.done, copy ? &*copy : nullptr);
    settling.done = nullptr;
    lock.lock();
  } else if (settling.done) {
    finished_.push_back({std::move(settling.done), std::nullopt});
    if (error != nullptr) finished_.back().error = *error;
    if (!std::exchange(completing_, true)) {
      connection_->post([self = shared_from_this()] { self->run_completions(); });
    }
  }
  maybe_end(lock);
}

void ConsumerCore::run_completions() {
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

void ConsumerCore::fail_acks(Lock& lock, const Error& error) {
  while (!acks_.empty()) report(lock, acks_.pop_front().settling, &error);
}

// ---- in a transaction

ConsumerHandle::EndSettling ConsumerCore::acknowledge_in(driver::Transaction& transaction,
                                                         const Envelope& envelope) {
  std::shared_ptr<Link> link;
  {
    const Lock lock(mutex_);
    if (!tracked_) return [](TransactionEnd) {};
    refuse_if_ended();
    if (state_ != State::up) down_error("cannot acknowledge to").raise();
    if (hold(envelope) != Holding::ours) stale_error().raise();
    ++settling_;
    link = link_;
  }
  // The link stays as long as the transaction may need its consumer.
  ConsumerHandle::EndSettling end = [self = shared_from_this(), link, envelope](TransactionEnd how) {
    self->end_joined(envelope, how);
  };
  const std::array ids{envelope.delivery.ack};
  StackWaiter waiter;
  transaction.acknowledge(*link->consumer, ids, [&waiter](const Error* error) { waiter.set(error); });
  try {
    waiter.wait();
  } catch (...) {
    end(TransactionEnd::aborted);
    throw;
  }
  return end;
}

void ConsumerCore::end_joined(const Envelope& envelope, TransactionEnd how) noexcept {
  Lock lock(mutex_);
  if (how == TransactionEnd::committed) {
    acked_.add(connection_->metrics(), labels_);
    book_.settled(envelope.delivery.message_id);
  } else if (how == TransactionEnd::aborted && envelope.epoch == epoch_ && !ended_) {
    held_.restore(envelope.ticket);
    ++unsettled_;
  }
  --settling_;
  grant(lock);
  maybe_end(lock);
}

// ---- give back

void ConsumerCore::negative_acknowledge(const Envelope& envelope, std::string_view reason) {
  StackWaiter waiter;
  give_back(envelope, reason,
            {[&waiter](const Error* error) { waiter.set(error); }, true, envelope.epoch, envelope.ticket},
            thread_state.driver_depth == 0);
  waiter.wait();
}

void ConsumerCore::negative_acknowledge_async(const Envelope& envelope, std::string_view reason,
                                              Completion done) {
  if (!done) {
    done = [weak = weak_from_this(), envelope, why = std::string(reason)](const Error* error) {
      const auto self = error != nullptr ? weak.lock() : nullptr;
      if (!self) return;
      self->settle_later(*error, [envelope, why](ConsumerCore& again) {
        again.negative_acknowledge_async(envelope, why, {});
      });
    };
  }
  give_back(envelope, reason, {std::move(done), false, envelope.epoch, envelope.ticket}, false);
}

void ConsumerCore::give_back(const Envelope& envelope, std::string_view reason, Settling settling,
                             bool may_block) {
  Lock lock(mutex_);
  ++settling_;
  if (ended_) {
    const Error error = closed_error();
    return report(lock, std::move(settling), &error);
  }
  if (!tracked_) {
    dropped_.add(connection_->metrics(), labels_);
    return report(lock, std::move(settling), nullptr);
  }
  if (state_ == State::failed) return report(lock, std::move(settling), &*reason_);
  const Holding holding = hold(envelope);
  if (holding == Holding::settled) return report(lock, std::move(settling), nullptr);
  if (holding == Holding::stale) {
    const Error error = stale_error();
    return report(lock, std::move(settling), &error);
  }
  nacked_.add(connection_->metrics(), labels_);
  if (envelope.epoch == epoch_) held_.note_given_back(envelope.ticket);
  const std::uint32_t attempt = envelope.delivery.attempt;
  if (options_.max_attempts > 0 && attempt >= options_.max_attempts) {
    lock.unlock();
    if (may_block) return dead_letter(envelope, std::string(reason), std::move(settling));
    return connection_->post(
        [self = shared_from_this(), envelope, why = std::string(reason),
         last = std::move(settling)]() mutable { self->dead_letter(envelope, why, std::move(last)); });
  }
  const std::string& id = envelope.delivery.message_id;
  if (!id.empty()) book_.failed(id);
  const Duration delay = redelivery_delay(attempt);
  log_later(log::Level::info,
            described() + ": message " + text::quoted(id) + " given back after attempt " +
                std::to_string(attempt) + ", again in " +
                std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(delay).count()) + " ms" +
                (reason.empty() ? "" : ": " + std::string(reason)));
  nack(lock, envelope, delay, std::move(settling));
}

void ConsumerCore::nack(Lock& lock, const Envelope& envelope, Duration delay, Settling settling) {
  if (ended_) {
    const Error error = closed_error();
    return report(lock, std::move(settling), &error);
  }
  // Without its link there is nothing to tell: the message comes back because of the loss.
  if (state_ != State::up || !reachable(envelope)) return report(lock, std::move(settling), nullptr);
  auto link = link_;
  const std::array<driver::AckId, 1> ids{envelope.delivery.ack};
  lock.unlock();
  link->consumer->negative_acknowledge(
      ids, delay, [self = shared_from_this(), last = std::move(settling)](const Error* error) mutable {
        self->on_nacked(std::move(last), error);
      });
  link.reset();
  lock.lock();
  grant(lock);
}

void ConsumerCore::on_nacked(Settling settling, const Error* error) noexcept {
  const DriverScope scope;
  Lock lock(mutex_);
  const bool lost = error != nullptr && is_link_error(*error);
  if (lost && !ended_) {
    if (state_ == State::up) lose_link(lock, *error);
    error = nullptr;
  }
  if (error != nullptr) restore(settling, *error);
  report(lock, std::move(settling), error);
}

}  // namespace omnibus::detail
