#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <omnibus/error.hpp>
#include <omnibus/time.hpp>

namespace omnibus::detail {

/// Waits up to a deadline on a condition variable; TimePoint::max() means for ever.
template <class Predicate>
bool wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, TimePoint deadline,
                Predicate ready) {
  if (deadline == TimePoint::max()) {
    changed.wait(lock, ready);
    return true;
  }
  return changed.wait_until(lock, deadline, ready);
}

/// For what often comes within microseconds: looks a few times, letting other threads run between, before its
/// caller sleeps. A sleeping thread costs its waker a system call and the processor two switches.
template <class Predicate>
bool look_again(std::unique_lock<std::mutex>& lock, Predicate ready) {
  constexpr int most_looks = 20;
  for (int looks = 0; looks < most_looks && !ready(); ++looks) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
  return ready();
}

/// One value from another thread. Shared, because the waiting side may give up first. Threads: any.
template <class T>
class SharedWaiter {
 public:
  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_.emplace(std::move(value));
    changed_.notify_all();
  }
  /// The value, or empty when the deadline passes.
  std::optional<T> wait_until(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    detail::wait_until(changed_, lock, deadline, [&] { return value_.has_value(); });
    return std::exchange(value_, std::nullopt);
  }

 private:
  std::mutex mutex_;  ///< guards value_
  std::condition_variable changed_;
  std::optional<T> value_;
};

/// Waits for a completion that is certain to come; lives on the waiting thread's stack. Threads: any.
class StackWaiter {
 public:
  void set(const Error* error) {
    const std::lock_guard lock(mutex_);
    if (error != nullptr) error_ = *error;
    done_ = true;
    changed_.notify_one();  // under the lock: the waiter is gone right after
  }
  /// Throws what the completion brought.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_; });
    if (error_) error_->raise();
  }

 private:
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  bool done_ = false;
  std::optional<Error> error_;
};

/// For failures of one driver call that a broken or absent link explains: worth another try over a new one.
inline bool is_link_error(const Error& error) noexcept {
  return error.code() == ErrorCode::unavailable || error.code() == ErrorCode::closed;
}

/// For failures to make a link: whether another attempt may succeed.
inline bool may_reconnect(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return true;
    case ErrorCode::closed:
    case ErrorCode::conflict:
    case ErrorCode::authentication:
    case ErrorCode::forbidden:
    case ErrorCode::config:
      return false;
    default:
      return error.retryable();
  }
}

}  // namespace omnibus::detail
