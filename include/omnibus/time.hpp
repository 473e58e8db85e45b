#pragma once

#include <chrono>

namespace omnibus {

/// A span of time; any std::chrono literal converts to it.
using Duration = std::chrono::nanoseconds;
/// The clock of timeouts and back-off.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
/// Wall-clock time, as brokers stamp it on messages.
using SystemTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Now plus `timeout`, without overflow for very long timeouts.
inline TimePoint deadline_after(Duration timeout) {
  const auto now = Clock::now();
  return timeout >= TimePoint::max() - now ? TimePoint::max() : now + timeout;
}

}  // namespace omnibus
