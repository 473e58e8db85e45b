#include "core/inline_core.hpp"

#include <utility>

#include <omnibus/log.hpp>

#include "core/answer.hpp"
#include "core/thread_state.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {

InlineCore::InlineCore(std::shared_ptr<Connection> connection, const QueueName& queue,
                       const schema::Type& type, MakeInlineCall make)
    : connection_(std::move(connection)),
      queue_(queue),
      type_(type),
      make_(std::move(make)),
      labels_{{"queue", queue.str()}, {"subscription", "inline"}} {}

InlineCore::~InlineCore() { delete free_seat_.load(); }

std::shared_ptr<InlineCore> InlineCore::open(const std::shared_ptr<Connection>& connection,
                                             const QueueName& queue, const schema::Type& type,
                                             MakeInlineCall make) {
  if (queue.qos != Qos::best_effort) {
    throw ConfigError("an inline consumer of " + queue.str() + " is not possible",
                      "inline delivery is best effort: name the queue q0/…");
  }
  connection->require(driver::Feature::inline_delivery, "an inline consumer");
  auto core = std::make_shared<InlineCore>(connection, queue, type, std::move(make));
  connection->add(core);
  auto driver = answer_of<std::unique_ptr<driver::InlineConsumer>>(
      *connection, "cannot handle " + queue.str() + " inline", [&](driver::Backend& backend, auto done) {
        backend.create_inline_consumer(queue, core, std::move(done));
      });
  const std::lock_guard lock(core->mutex_);
  if (core->closing_) throw ClosedError("the bus is closed");
  core->driver_ = std::move(driver);
  return core;
}

void InlineCore::take(const driver::InlineMessage& message) noexcept {
  running_.fetch_add(1);
  if (!closing_.load()) {
    const DriverScope scope;  // the sender waits meanwhile
    try {
      handle(message);
    } catch (const std::exception& failure) {
      log::write(log::Level::error, "the inline handler of " + queue_.str() + " failed: " + failure.what());
    } catch (...) {
      log::write(log::Level::error, "the inline handler of " + queue_.str() + " failed");
    }
  }
  leave();
}

void InlineCore::handle(const driver::InlineMessage& message) {
  received_.add(connection_->metrics(), labels_);
  auto seat = sit_down();
  try {
    seat->decoder->decode(message.payload, seat->call->value());
  } catch (...) {
    decode_errors_.add(connection_->metrics(), labels_);
    throw;
  }
  try {
    seat->call->run(message);
  } catch (...) {
    failed_.add(connection_->metrics(), labels_);
    throw;
  }
  stand_up(std::move(seat));
}

std::unique_ptr<InlineCore::Seat> InlineCore::sit_down() {
  if (auto* seat = free_seat_.exchange(nullptr, std::memory_order_acquire); seat != nullptr) {
    return std::unique_ptr<Seat>(seat);
  }
  return std::make_unique<Seat>(Seat{connection_->backend().decoder(type_), make_()});
}

void InlineCore::stand_up(std::unique_ptr<Seat> seat) noexcept {
  delete free_seat_.exchange(seat.release(), std::memory_order_acq_rel);
}

void InlineCore::leave() noexcept {
  if (running_.fetch_sub(1) > 1 || !closing_.load()) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

/// Of the user's handler: a sender may hold this until its next send. Nothing runs any more.
void InlineCore::let_go() noexcept {
  const std::unique_ptr<Seat> seat(free_seat_.exchange(nullptr));
  MakeInlineCall make;
  const std::lock_guard lock(mutex_);
  make.swap(make_);
}

void InlineCore::begin_close(TimePoint) noexcept {
  std::unique_ptr<driver::InlineConsumer> last;
  const std::lock_guard lock(mutex_);
  closing_.store(true);
  last = std::move(driver_);
}

CloseReport InlineCore::close(Duration timeout) noexcept {
  begin_close(TimePoint::max());
  if (thread_state.driver_depth == 0) {
    std::unique_lock lock(mutex_);
    wait_until(changed_, lock, deadline_after(timeout), [&] { return running_.load() == 0; });
  }
  const auto running = running_.load();
  if (running == 0) let_go();
  return {.running = running};
}

}  // namespace omnibus::detail
