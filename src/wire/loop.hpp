#pragma once

/// The I/O thread of a Bus and its timers. Sockets of all native protocols run on it. Nothing that runs here
/// may block.

#include <memory>

#include <omnibus/function.hpp>
#include <omnibus/time.hpp>

namespace omnibus::wire {

/// One thread that runs what is posted, the timers and the sockets.
/// Threads: post and here from any; stop from any other than its own.
class Loop {
 public:
  Loop();
  ~Loop();
  /// Ends and joins the thread, once. What is posted from then on is dropped. Objects that hold a timer or a
  /// socket may live on until the loop itself goes.
  void stop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `work` soon, in order of posting. It must not throw.
  void post(UniqueFunction<void()> work);
  /// Whether the caller runs on the loop's thread.
  bool here() const noexcept;

  struct State;
  struct Door;
  /// For the other classes of this folder.
  State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Runs one piece of work later, once. Threads: the loop's only; goes before the loop.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces what was set before.
  void at(TimePoint when, UniqueFunction<void()> work);
  void after(Duration delay, UniqueFunction<void()> work) { at(deadline_after(delay), std::move(work)); }
  void cancel() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace omnibus::wire
