#include "core/executor.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <omnibus/log.hpp>

#include "core/ring.hpp"
#include "core/thread_state.hpp"
#include "core/timer_queue.hpp"
#include "core/waiter.hpp"

namespace omnibus::detail {
namespace {

constexpr Duration idle_time = std::chrono::milliseconds(500);  ///< then a thread ends
constexpr Duration patience = std::chrono::milliseconds(2);     ///< a task waits so long before growth

void run_logged(UniqueFunction<void()>& work) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    log::write(log::Level::error, std::string("a callback failed: ") + error.what());
  } catch (...) {
    log::write(log::Level::error, "a callback failed with an unknown exception");
  }
}

}  // namespace

struct Executor::State : std::enable_shared_from_this<State> {
  State(TimerQueue& timer_queue, std::size_t most)
      : timers(timer_queue),
        max_threads(std::max<std::size_t>(most, 1)),
        eager(std::min<std::size_t>(max_threads, std::max(2u, std::thread::hardware_concurrency()))) {}

  TimerQueue& timers;
  const std::size_t max_threads, eager;

  mutable std::mutex mutex;  ///< guards everything below
  std::condition_variable work_ready, thread_ended;
  Ring<UniqueFunction<void()>> queue;
  std::uint64_t pushed = 0, popped = 0;
  std::size_t alive = 0, looking = 0, idle = 0, busy = 0;
  bool checking = false, stopping = false, abandoned = false;
  std::list<std::thread> running, ended;

  void grow_check(std::uint64_t mark);
  void schedule_check();
  void spawn();
  void work(std::list<std::thread>::iterator self);
};

/// Called with the lock held.
void Executor::State::spawn() {
  const auto self = running.emplace(running.end());
  try {
    *self = std::thread([state = shared_from_this(), self] { state->work(self); });
    ++alive;
  } catch (const std::system_error& error) {
    running.erase(self);
    log::write(log::Level::error, std::string("cannot start a handler thread: ") + error.what());
  }
}

void Executor::State::work(std::list<std::thread>::iterator self) {
  thread_state.pool = true;
  std::unique_lock lock(mutex);
  for (;;) {
    if (!queue.empty()) {
      auto task = queue.pop_front();
      ++popped;
      ++busy;
      lock.unlock();
      run_logged(task);
      task = nullptr;
      lock.lock();
      --busy;
      continue;
    }
    if (stopping) break;
    const auto due = [&] { return stopping || !queue.empty(); };
    ++looking;
    const bool found = look_again(lock, due);
    --looking;
    if (found) continue;
    ++idle;
    const bool woken = work_ready.wait_for(lock, idle_time, due);
    --idle;
    if (!woken) break;
  }
  --alive;
  if (!abandoned) ended.splice(ended.end(), running, self);  // else the handle is gone
  thread_ended.notify_all();
}

/// Called with the lock held.
void Executor::State::schedule_check() {
  checking = true;
  timers.schedule(Clock::now() + patience, [weak = weak_from_this(), mark = pushed] {
    if (const auto state = weak.lock()) state->grow_check(mark);
  });
}

void Executor::State::grow_check(std::uint64_t mark) {
  const std::lock_guard lock(mutex);
  checking = false;
  if (queue.empty()) return;
  if (popped < mark) {
    const std::size_t room = max_threads - std::min(alive, max_threads);
    const std::size_t more = std::min({queue.size(), room, std::max<std::size_t>(alive / 2, 1)});
    for (std::size_t i = 0; i < more; ++i) spawn();
  }
  if (alive < max_threads) schedule_check();
}

Executor::Executor(TimerQueue& timers, std::size_t max_threads)
    : state_(std::make_shared<State>(timers, max_threads)) {}

Executor::~Executor() {
  stop(TimePoint::min());
  State& state = *state_;
  std::list<std::thread> ended;
  {
    std::unique_lock lock(state.mutex);
    state.thread_ended.wait(lock, [&] { return state.alive == state.busy; });  // the idle ones leave at once
    ended.swap(state.ended);
    state.abandoned = true;
    // A user's handler that outlived the deadline cannot be joined in bounded time; its thread owns the
    // state.
    for (auto& thread : state.running) thread.detach();
    state.running.clear();
  }
  for (auto& thread : ended) thread.join();
}

void Executor::post(UniqueFunction<void()> work) {
  State& state = *state_;
  std::list<std::thread> ended;
  {
    const std::lock_guard lock(state.mutex);
    if (state.stopping) return;
    state.queue.push_back(std::move(work));
    ++state.pushed;
    ended.swap(state.ended);
    if (state.queue.size() <= state.looking) {
      // One of them finds it.
    } else if (state.queue.size() <= state.looking + state.idle) {
      state.work_ready.notify_one();
    } else if (state.alive < state.eager) {
      state.spawn();
    } else if (state.alive < state.max_threads && !state.checking) {
      state.schedule_check();
    }
  }
  for (auto& thread : ended) thread.join();
}

bool Executor::stop(TimePoint deadline) noexcept {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.stopping = true;
  state.work_ready.notify_all();
  if (!state.queue.empty() && state.alive == 0) state.spawn();
  if (deadline == TimePoint::max()) {
    state.thread_ended.wait(lock, [&] { return state.alive == 0; });
  } else {
    state.thread_ended.wait_until(lock, deadline, [&] { return state.alive == 0; });
  }
  const bool all = state.alive == 0;
  std::list<std::thread> ended;
  ended.swap(state.ended);
  lock.unlock();
  for (auto& thread : ended) thread.join();
  return all;
}

std::size_t Executor::threads() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->alive;
}

}  // namespace omnibus::detail
