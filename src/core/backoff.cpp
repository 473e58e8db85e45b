#include "core/backoff.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace omnibus::detail {

Duration delay_of(const Backoff& backoff, std::uint32_t attempt, double random) noexcept {
  const auto initial = static_cast<double>(std::max<Duration>(backoff.initial, Duration::zero()).count());
  const auto maximum = static_cast<double>(std::max<Duration>(backoff.maximum, Duration::zero()).count());
  const double exponent = attempt > 0 ? static_cast<double>(attempt - 1) : 0.0;
  const double grown = initial * std::pow(std::max(backoff.factor, 1.0), exponent);
  const double capped = std::min(grown, maximum);  // also tames infinity
  const double jitter = std::clamp(backoff.jitter, 0.0, 1.0);
  const double spread = capped * (1.0 + jitter * (2.0 * random - 1.0));
  constexpr double longest = 9.0e18;
  return Duration(static_cast<Duration::rep>(std::clamp(spread, 0.0, longest)));
}

double random_unit() noexcept {
  thread_local std::minstd_rand engine(static_cast<unsigned>(Clock::now().time_since_epoch().count()) ^
                                       static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(&engine)));
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

}  // namespace omnibus::detail
