#pragma once

#include <atomic>
#include <cstddef>

namespace omnibus::detail {

/// The payload bytes that one Bus has received and not yet handed to its users, against a limit. Consumers
/// ask it how much credit to grant. Threads: any.
class Budget {
 public:
  explicit Budget(std::size_t limit) : limit_(limit) {}

  void add(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  /// A consumer that has received something shares the limit with the others.
  void join() noexcept { receivers_.fetch_add(1, std::memory_order_relaxed); }
  void leave() noexcept { receivers_.fetch_sub(1, std::memory_order_relaxed); }

  /// How many messages of about `size` bytes one consumer may have on the way to it; zero at the limit. (A
  /// consumer with nothing buffered may always have one: a message larger than the limit passes, and nobody
  /// starves because another does not take.)
  std::size_t allowance(std::size_t size) const noexcept {
    const std::size_t used = used_.load(std::memory_order_relaxed);
    if (used >= limit_) return 0;
    const std::size_t receivers = receivers_.load(std::memory_order_relaxed);
    const std::size_t share = (limit_ - used) / (2 * (receivers == 0 ? 1 : receivers));
    const std::size_t count = share / (size == 0 ? 1 : size);
    return count == 0 ? 1 : count;
  }

  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0, receivers_ = 0;
};

}  // namespace omnibus::detail
