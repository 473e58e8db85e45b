#pragma once

#include <thread>

#include <omnibus/time.hpp>

namespace omnibus {

/// Waits for a condition that another thread brings about; false after ten seconds.
template <class Condition>
bool eventually(Condition&& condition) {
  const TimePoint deadline = Clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace omnibus
