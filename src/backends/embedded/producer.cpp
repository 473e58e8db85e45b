#include "backends/embedded/producer.hpp"

#include <utility>

#include <omnibus/log.hpp>

namespace omnibus::embedded {

ProducerHandle::ProducerHandle(std::shared_ptr<Engine> engine, driver::Host& host, ProducerId id,
                               bool best_effort, std::shared_ptr<InlineQueue> inline_queue)
    : engine_(std::move(engine)),
      host_(host),
      outlet_(std::make_shared<Outlet>(id, best_effort)),
      inline_queue_(std::move(inline_queue)) {}

ProducerHandle::~ProducerHandle() {
  close(TimePoint::min(), [](const Error*) {});
}

void ProducerHandle::send(std::span<driver::SendRequest> batch) {
  if (!inline_queue_) return engine_->publish(outlet_, batch);
  const bool alone = inline_queue_->alone();
  for (auto& [message, done] : batch) {
    deliver_inline(*message);
    if (alone) done(nullptr);
  }
  if (!alone) engine_->publish(outlet_, batch);
}

bool ProducerHandle::send_at_once(const driver::Outgoing& message) {
  if (!inline_queue_ || !inline_queue_->alone()) return false;
  deliver_inline(message);
  return true;
}

void ProducerHandle::deliver_inline(const driver::Outgoing& message) {
  if (message.delay <= Duration::zero()) {
    return inline_queue_->deliver(inline_view_, {message.payload, message.properties, message.key});
  }
  host_.schedule(Clock::now() + message.delay, [queue = inline_queue_, copy = message] {
    InlineQueue::View view;
    queue->deliver(view, {copy.payload, copy.properties, copy.key});
  });
}

void ProducerHandle::flush(Completion done) { engine_->flush(outlet_->hold(std::move(done))); }

void ProducerHandle::close(TimePoint deadline, Completion done) {
  std::call_once(closed_, [this] {
    try {
      engine_->close_producer(outlet_->id);
    } catch (const ClosedError&) {
      // The Bus has closed it already.
    } catch (const Error& error) {
      log::write(log::Level::warning, std::string("a producer's end could not be noted: ") + error.what());
    }
  });
  if (outlet_->idle()) return done(nullptr);
  if (deadline <= Clock::now()) {
    outlet_->give_up();
    return outlet_->when_empty(std::move(done));
  }
  const auto alarm = std::make_shared<std::uint64_t>(0);
  if (deadline != TimePoint::max()) {
    *alarm = host_.schedule(deadline, [weak = std::weak_ptr(outlet_)] {
      if (const auto held = weak.lock()) held->give_up();
    });
  }
  outlet_->when_empty([&host = host_, alarm, done = std::move(done)](const Error* error) mutable {
    if (*alarm != 0) host.cancel(*alarm);
    done(error);
  });
}

}  // namespace omnibus::embedded
