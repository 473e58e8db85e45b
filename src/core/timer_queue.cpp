#include "core/timer_queue.hpp"

#include <exception>
#include <string>

#include <omnibus/log.hpp>

namespace omnibus::detail {

std::uint64_t TimerQueue::schedule(TimePoint when, UniqueFunction<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return 0;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  const std::uint64_t token = ++last_token_;
  const auto position = entries_.emplace(Key{when, token}, std::move(work)).first;
  times_.emplace(token, when);
  if (position == entries_.begin()) changed_.notify_one();
  return token;
}

bool TimerQueue::cancel(std::uint64_t token) noexcept {
  UniqueFunction<void()> work;  // destroyed without the lock: it may own anything
  const std::lock_guard lock(mutex_);
  const auto time = times_.find(token);
  if (time == times_.end()) return false;
  const auto entry = entries_.find(Key{time->second, token});
  work = std::move(entry->second);
  entries_.erase(entry);
  times_.erase(time);
  return true;
}

void TimerQueue::stop() noexcept {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    thread.swap(thread_);
    changed_.notify_one();
  }
  if (thread.joinable()) thread.join();
  std::map<Key, UniqueFunction<void()>> left;
  const std::lock_guard lock(mutex_);
  left.swap(entries_);
  times_.clear();
}

void TimerQueue::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const TimePoint when = entries_.begin()->first.first;
    if (when > Clock::now()) {
      if (when == TimePoint::max()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, when);
      }
      continue;
    }
    auto entry = entries_.extract(entries_.begin());
    times_.erase(entry.key().second);
    lock.unlock();
    try {
      entry.mapped()();
    } catch (const std::exception& error) {
      log::write(log::Level::error, std::string("a timer failed: ") + error.what());
    }
    entry = {};
    lock.lock();
  }
}

}  // namespace omnibus::detail
