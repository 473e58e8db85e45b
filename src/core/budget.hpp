#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

namespace omnibus::detail {

/// The payload bytes that one Bus has received and not yet handed to its users, against a limit. Consumers
/// ask it how much credit to grant; who is refused is called back when there is room. Threads: any.
class Budget {
 public:
  explicit Budget(std::size_t limit) : limit_(limit) {}

  void add(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  /// Runs those who were refused, when there is room again.
  void remove(std::size_t bytes) {
    const std::size_t before = used_.fetch_sub(bytes, std::memory_order_seq_cst);
    if (refused_.load(std::memory_order_seq_cst) && before - bytes < limit_) wake();
  }

  /// A consumer that has received something shares the limit with the others.
  void join() noexcept { receivers_.fetch_add(1, std::memory_order_relaxed); }
  void leave() noexcept { receivers_.fetch_sub(1, std::memory_order_relaxed); }

  /// How many messages of about `size` bytes one consumer may have on the way to it. Zero only while other
  /// messages are buffered: one oversize message always passes.
  std::size_t allowance(std::size_t size) const noexcept {
    const std::size_t used = used_.load(std::memory_order_seq_cst);
    if (used >= limit_) return used == 0 ? 1 : 0;
    const std::size_t receivers = receivers_.load(std::memory_order_relaxed);
    const std::size_t share = (limit_ - used) / (2 * (receivers == 0 ? 1 : receivers));
    const std::size_t count = share / (size == 0 ? 1 : size);
    return count == 0 ? 1 : count;
  }

  /// Calls `again` once there is room, on the thread that makes it, without a lock held.
  void when_free(std::function<void()> again) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(again));
      refused_.store(true, std::memory_order_seq_cst);
    }
    if (used_.load(std::memory_order_seq_cst) < limit_) wake();
  }

  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  void wake() {
    std::vector<std::function<void()>> ready;
    {
      const std::lock_guard lock(mutex_);
      ready.swap(waiting_);
      refused_.store(false, std::memory_order_seq_cst);
    }
    for (auto& again : ready) again();
  }

  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0, receivers_ = 0;
  std::atomic<bool> refused_ = false;
  std::mutex mutex_;  ///< guards waiting_
  std::vector<std::function<void()>> waiting_;
};

}  // namespace omnibus::detail
