#include "backends/embedded/alarm.hpp"

#include <algorithm>
#include <utility>

namespace omnibus::embedded {

void Alarm::add(driver::Host& host, std::function<void()> ring) {
  const std::lock_guard lock(mutex_);
  ring_ = std::move(ring);
  hosts_.push_back(&host);
  if (when_ && armed_on_ == nullptr) schedule(*when_);
}

void Alarm::remove(driver::Host& host) {
  const std::lock_guard lock(mutex_);
  hosts_.erase(std::find(hosts_.begin(), hosts_.end(), &host));
  if (armed_on_ != &host || !when_) return;
  ++round_;
  armed_on_ = nullptr;
  host.cancel(token_);
  if (!hosts_.empty()) schedule(*when_);
}

void Alarm::arm(TimePoint when) {
  const std::lock_guard lock(mutex_);
  if (when_ && *when_ <= when) return;
  if (armed_on_ != nullptr) armed_on_->cancel(token_);
  armed_on_ = nullptr;
  ++round_;
  when_ = when;
  if (!hosts_.empty()) schedule(when);
}

void Alarm::schedule(TimePoint when) {
  armed_on_ = hosts_.front();
  token_ = armed_on_->schedule(when, [self = weak_from_this(), round = round_] {
    if (const auto alive = self.lock()) alive->rung(round);
  });
}

void Alarm::rung(std::uint64_t round) {
  std::function<void()> ring;
  {
    const std::lock_guard lock(mutex_);
    if (round != round_) return;
    when_.reset();
    armed_on_ = nullptr;
    ring = ring_;
  }
  ring();
}

}  // namespace omnibus::embedded
