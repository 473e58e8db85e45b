#pragma once

/// A bound on the bytes of large bodies that are in memory at once.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace omnibus::gateway {

/// Claims are granted in the order they come; one larger than the whole budget is granted alone.
/// Held by shared_ptr; its claims keep it alive. Threads: any.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  /// A claim on some bytes, given back when it goes, granted or not.
  class Claim {
   public:
    Claim(std::shared_ptr<ByteBudget> budget, std::size_t bytes, std::function<void()> wake)
        : budget_(std::move(budget)), bytes_(bytes), wake_(std::move(wake)) {}
    ~Claim() { budget_->release(*this); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    bool granted() const noexcept { return granted_; }

   private:
    friend class ByteBudget;
    const std::shared_ptr<ByteBudget> budget_;
    const std::size_t bytes_;
    const std::function<void()> wake_;
    std::atomic<bool> granted_{false};
  };

  explicit ByteBudget(std::size_t total) : total_(total) {}

  /// Granted at once when there is room; else `wake` is called when it is, on the thread that made room.
  std::unique_ptr<Claim> claim(std::size_t bytes, std::function<void()> wake);

 private:
  void release(Claim& claim);
  bool fits(const Claim& claim) const noexcept {
    return held_ == 0 || claim.bytes_ <= total_ - std::min(held_, total_);
  }

  const std::size_t total_;
  std::mutex mutex_;  // guards what follows
  std::size_t held_ = 0;
  std::deque<Claim*> waiting_;
};

}  // namespace omnibus::gateway
