/// How a consumer moves messages to the dead letter queue.

#include <array>
#include <utility>

#include "core/answer.hpp"
#include "core/consumer_core.hpp"
#include "core/producer_core.hpp"
#include "core/text.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr std::string_view dead_subscription = "dead";
constexpr std::size_t longest_reason = 1024;

/// The durable subscription that keeps the copies until somebody reads them.
void create_dead_subscription(const std::shared_ptr<Connection>& connection, const QueueName& queue) {
  answer_of<bool>(*connection, "cannot create the subscription of dead letters",
                  [&](driver::Backend& backend, auto done) {
                    backend.create_subscription(queue, dead_subscription, Position::earliest,
                                                [done](const Error* error) { done(error, true); });
                  });
}

/// Waits for a call of the driver; throws its error.
template <class Call>
void finish(Call&& call) {
  StackWaiter waiter;
  call(Completion([&waiter](const Error* error) { waiter.set(error); }));
  waiter.wait();
}

/// A property value must be text: what is not becomes '?'.
std::string plain(std::string_view reason) {
  std::string out(text::prefix(reason, longest_reason));
  const bool well_formed = text::is_utf8(out);
  for (char& c : out) {
    if (c == '\0' || (!well_formed && static_cast<unsigned char>(c) >= 0x80)) c = '?';
  }
  return out;
}

}  // namespace

/// Blocks for the first one of a consumer.
std::shared_ptr<ProducerCore> ConsumerCore::dead_letters() {
  {
    const Lock lock(mutex_);
    if (dead_) return dead_;
  }
  const QueueName queue = dead_letter_queue(queue_, subscription_);
  create_dead_subscription(connection_, queue);
  auto producer = ProducerCore::open(connection_, queue, nullptr, {});
  {
    const Lock lock(mutex_);
    if (!dead_ && !ended_) return dead_ = producer;
  }
  producer->begin_close(Clock::now());  // another thread was faster
  const Lock lock(mutex_);
  if (!dead_) closed_error().raise();
  return dead_;
}

/// Ends their producer; releases the lock meanwhile.
void ConsumerCore::drop_dead_letters(Lock& lock, TimePoint deadline) {
  const auto dead = std::exchange(dead_, nullptr);
  if (!dead) return;
  lock.unlock();
  dead->begin_close(deadline);
  lock.lock();
}

void ConsumerCore::dead_letter(const Envelope& envelope, const std::string& reason,
                               Settling settling) noexcept {
  // Shared, because it ends here when the copy cannot even be handed over.
  const auto last = std::make_shared<Settling>(std::move(settling));
  Properties properties = envelope.delivery.properties;
  try {
    properties.set("omnibus-dead-reason", plain(reason.empty() ? "given back" : reason));
    properties.set("omnibus-dead-attempts", std::to_string(envelope.delivery.attempt));
    properties.set("omnibus-dead-origin", queue_.str());
    if (connection_->features().has(driver::Feature::transactions)) {
      move_to_dead_letters(envelope, std::move(properties));
      return after_move(envelope, reason, std::move(*last));
    }
    const auto producer = dead_letters();
    producer->send_copy(envelope.delivery.body.bytes(), properties, envelope.delivery.key,
                        [self = shared_from_this(), envelope, reason, last](const Error* error) {
                          self->after_copy(envelope, reason, std::move(*last), error);
                        });
  } catch (...) {
    const Error error = to_error(std::current_exception());
    after_copy(envelope, reason, std::move(*last), &error);
  }
}

std::string ConsumerCore::dying(const Envelope& envelope, const std::string& reason) const {
  return described() + ": message " + text::quoted(envelope.delivery.message_id) + " after attempt " +
         std::to_string(envelope.delivery.attempt) + " (" + reason + ")";
}

/// Copy and acknowledgement in one transaction, so that there is exactly one copy. Blocks.
void ConsumerCore::move_to_dead_letters(const Envelope& envelope, Properties properties) {
  const QueueName queue = dead_letter_queue(queue_, subscription_);
  std::shared_ptr<Link> link;
  bool ready = false;
  {
    const Lock lock(mutex_);
    if (ended_) closed_error().raise();
    if (state_ != State::up) down_error("cannot move a message of").raise();
    if (!reachable(envelope)) stale_error().raise();
    link = link_;
    ready = dead_ready_;
  }
  if (!ready) create_dead_subscription(connection_, queue);
  driver::Outgoing copy{.payload = std::string(envelope.delivery.body.bytes()),
                        .properties = std::move(properties),
                        .key = envelope.delivery.key};
  auto transaction = answer_of<std::unique_ptr<driver::Transaction>>(
      *connection_, "cannot begin a transaction",
      [&](driver::Backend& backend, auto done) { backend.begin(connection_->instance(), std::move(done)); });
  const std::array ids{envelope.delivery.ack};
  finish([&](Completion done) { transaction->send(queue, copy, std::move(done)); });
  finish([&](Completion done) { transaction->acknowledge(*link->consumer, ids, std::move(done)); });
  finish([&](Completion done) { transaction->commit(std::move(done)); });
  const Lock lock(mutex_);
  dead_ready_ = true;
}

void ConsumerCore::after_move(const Envelope& envelope, const std::string& reason,
                              Settling settling) noexcept {
  Lock lock(mutex_);
  dead_lettered_.add(connection_->metrics(), labels_);
  log_later(log::Level::warning, dying(envelope, reason) + " moved to the dead letter queue");
  book_.settled(envelope.delivery.message_id);
  grant(lock);
  report(lock, std::move(settling), nullptr);
}

/// The original is acknowledged once the copy is safe, and otherwise stays at the longest back-off.
void ConsumerCore::after_copy(const Envelope& envelope, const std::string& reason, Settling settling,
                              const Error* error) noexcept {
  Lock lock(mutex_);
  const auto what = dying(envelope, reason);
  if (error != nullptr) {
    dead_letter_errors_.add(connection_->metrics(), labels_);
    log_later(log::Level::error, what +
                                     " could not be moved to the dead letter queue, it stays at the longest"
                                     " back-off: " +
                                     error->what());
    if (ends_producer(*error)) drop_dead_letters(lock, Clock::now());  // the next one gets another
    return nack(lock, envelope, options_.redelivery.maximum, std::move(settling));
  }
  dead_lettered_.add(connection_->metrics(), labels_);
  log_later(log::Level::warning, what + " moved to the dead letter queue");
  if (ended_) {
    const Error closed = closed_error();
    return report(lock, std::move(settling), &closed);
  }
  if (state_ == State::failed) return report(lock, std::move(settling), &*reason_);
  if (!reachable(envelope)) {
    const Error stale = stale_error();
    return report(lock, std::move(settling), &stale);
  }
  acknowledge_held(lock, envelope, std::move(settling));
}

}  // namespace omnibus::detail
