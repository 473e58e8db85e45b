#include "backends/embedded/producer.hpp"

#include <utility>

#include <omnibus/log.hpp>

namespace omnibus::embedded {

Completion Confirmations::hold(Completion done) {
  const std::lock_guard lock(mutex_);
  const auto place = held_.insert(held_.end(), Entry{std::move(done)});
  return [self = shared_from_this(), place](const Error* error) { self->complete(place, error); };
}

void Confirmations::complete(Place place, const Error* error) {
  std::unique_lock lock(mutex_);
  auto done = std::move(place->done);
  const bool taken = place->taken;
  held_.erase(place);
  if (taken) return left(std::move(lock));
  ++running_;
  lock.unlock();
  done(error);
  lock.lock();
  --running_;
  left(std::move(lock));
}

void Confirmations::left(std::unique_lock<std::mutex> lock) {
  if (!when_empty_ || running_ > 0) return;
  for (const auto& entry : held_) {
    if (!entry.taken) return;
  }
  auto done = std::exchange(when_empty_, {});
  lock.unlock();
  done(nullptr);
}

void Confirmations::when_empty(Completion done) {
  std::unique_lock lock(mutex_);
  when_empty_ = std::move(done);
  left(std::move(lock));
}

void Confirmations::give_up() {
  const Error closed(ErrorCode::closed, "the producer was closed before the message was confirmed",
                     {.backend = "embedded"});
  std::vector<Completion> all;
  std::unique_lock lock(mutex_);
  for (auto& entry : held_) {
    if (!std::exchange(entry.taken, true)) all.push_back(std::move(entry.done));
  }
  ++running_;
  lock.unlock();
  for (auto& done : all) done(&closed);
  lock.lock();
  --running_;
  left(std::move(lock));
}

ProducerHandle::ProducerHandle(std::shared_ptr<Engine> engine, driver::Host& host, ProducerId id,
                               bool best_effort)
    : engine_(std::move(engine)),
      host_(host),
      id_(id),
      best_effort_(best_effort),
      confirmations_(std::make_shared<Confirmations>()) {}

ProducerHandle::~ProducerHandle() {
  close(TimePoint::min(), [](const Error*) {});
}

void ProducerHandle::send(std::span<driver::SendRequest> batch) {
  if (!best_effort_ && !engine_->confirms_at_once()) {
    for (auto& request : batch) request.done = confirmations_->hold(std::move(request.done));
  }
  engine_->publish(id_, best_effort_, batch);
}

void ProducerHandle::flush(Completion done) { engine_->flush(confirmations_->hold(std::move(done))); }

void ProducerHandle::close(TimePoint deadline, Completion done) {
  std::call_once(closed_, [this] {
    try {
      engine_->close_producer(id_);
    } catch (const ClosedError&) {
      // The Bus has closed it already.
    } catch (const Error& error) {
      log::write(log::Level::warning, std::string("a producer's end could not be noted: ") + error.what());
    }
  });
  if (engine_->confirms_at_once()) return done(nullptr);
  if (deadline <= Clock::now()) {
    confirmations_->give_up();
    return confirmations_->when_empty(std::move(done));
  }
  const auto alarm = std::make_shared<std::uint64_t>(0);
  if (deadline != TimePoint::max()) {
    *alarm = host_.schedule(deadline, [weak = std::weak_ptr(confirmations_)] {
      if (const auto held = weak.lock()) held->give_up();
    });
  }
  confirmations_->when_empty([&host = host_, alarm, done = std::move(done)](const Error* error) mutable {
    if (*alarm != 0) host.cancel(*alarm);
    done(error);
  });
}

}  // namespace omnibus::embedded
