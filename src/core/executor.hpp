#pragma once

#include <cstddef>
#include <memory>

#include <omnibus/function.hpp>
#include <omnibus/time.hpp>

namespace omnibus::detail {

class TimerQueue;

/// The pool of one Bus: as many threads as tasks run, none when idle for a while. It starts a thread per
/// core at once and more only when a task has waited, so that a burst of short tasks makes no crowd.
/// Threads: any.
class Executor {
 public:
  Executor(TimerQueue& timers, std::size_t max_threads);
  /// stop() without waiting for tasks that still run; their threads end by themselves.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Runs `work` soon; destroys it unrun after stop(). What it throws is logged.
  void post(UniqueFunction<void()> work);

  /// Runs what is queued and waits for it up to `deadline`. False when tasks still run. Not from a task.
  bool stop(TimePoint deadline) noexcept;

  /// Threads alive now.
  std::size_t threads() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace omnibus::detail
