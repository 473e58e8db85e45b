#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <omnibus/function.hpp>
#include <omnibus/time.hpp>

namespace omnibus::detail {

/// Runs short work at its time, on one thread that starts with the first entry.
/// Threads: any, the work itself included; stop() and the destructor not from the work.
class TimerQueue {
 public:
  TimerQueue() = default;
  ~TimerQueue() { stop(); }
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Returns a token for cancel; 0 after stop(), the work is destroyed then.
  std::uint64_t schedule(TimePoint when, UniqueFunction<void()> work);
  /// False when it has run or is running.
  bool cancel(std::uint64_t token) noexcept;
  /// Waits for the running work; what has not run never does. Idempotent.
  void stop() noexcept;

 private:
  using Key = std::pair<TimePoint, std::uint64_t>;
  void run();

  std::mutex mutex_;  ///< guards everything below
  std::condition_variable changed_;
  std::map<Key, UniqueFunction<void()>> entries_;
  std::unordered_map<std::uint64_t, TimePoint> times_;
  std::uint64_t last_token_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace omnibus::detail
