#include "services/gateway/server/rate_limiter.hpp"

#include <algorithm>

namespace omnibus::gateway {

Duration RateLimiter::take(const boost::asio::ip::address& address, TimePoint now) {
  if (per_second_ == 0) return Duration::zero();
  constexpr Duration second = std::chrono::seconds(1);
  const Duration each = second / per_second_;
  const std::lock_guard lock(mutex_);
  forget_quiet(now);
  auto& full_at = full_at_[address];
  const auto next = std::max(full_at, now) + each;
  if (next - now > second) return next - now - second;
  full_at = next;
  return Duration::zero();
}

std::size_t RateLimiter::addresses() const {
  const std::lock_guard lock(mutex_);
  return full_at_.size();
}

void RateLimiter::forget_quiet(TimePoint now) {
  if (now - forgotten_ < std::chrono::seconds(1)) return;
  forgotten_ = now;
  std::erase_if(full_at_, [&](const auto& entry) { return entry.second <= now; });
}

}  // namespace omnibus::gateway
