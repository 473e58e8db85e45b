#include "backends/embedded/outlet.hpp"

#include <utility>
#include <vector>

namespace omnibus::embedded {

void Outlet::end(std::size_t count) noexcept {
  if (under_way_.fetch_sub(count) == count && awaited_.load()) left(std::unique_lock(mutex_));
}

Completion Outlet::hold(Completion done) {
  const std::lock_guard lock(mutex_);
  const auto place = held_.insert(held_.end(), Entry{std::move(done)});
  return [self = shared_from_this(), place](const Error* error) { self->complete(place, error); };
}

void Outlet::complete(Place place, const Error* error) {
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

void Outlet::left(std::unique_lock<std::mutex> lock) {
  if (!when_empty_ || running_ > 0 || under_way_.load() > 0) return;
  for (const auto& entry : held_) {
    if (!entry.taken) return;
  }
  auto done = std::exchange(when_empty_, {});
  lock.unlock();
  done(nullptr);
}

bool Outlet::idle() {
  const std::lock_guard lock(mutex_);
  return held_.empty() && running_ == 0 && under_way_.load() == 0;
}

void Outlet::when_empty(Completion done) {
  std::unique_lock lock(mutex_);
  when_empty_ = std::move(done);
  awaited_.store(true);
  left(std::move(lock));
}

void Outlet::give_up() {
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

}  // namespace omnibus::embedded
