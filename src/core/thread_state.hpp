#pragma once

namespace omnibus::detail {

/// A producer that hands messages to its driver on this thread, and the one outside of it.
struct Sending {
  const void* producer;
  const Sending* outer;
};

/// What the current thread is inside of, so that close() knows when waiting would wait for itself.
struct ThreadState {
  int driver_depth = 0;              ///< calls from a driver: nothing may block
  bool pool = false;                 ///< a thread of an Executor
  const void* handle = nullptr;      ///< the producer or consumer whose callback runs
  const Sending* sending = nullptr;  ///< the innermost

  bool sends(const void* producer) const noexcept {
    for (const auto* one = sending; one != nullptr; one = one->outer) {
      if (one->producer == producer) return true;
    }
    return false;
  }

  bool inside_callback() const noexcept { return driver_depth > 0 || pool; }
};
inline thread_local ThreadState thread_state;

/// Held by everything a driver calls.
class DriverScope {
 public:
  DriverScope() noexcept { ++thread_state.driver_depth; }
  ~DriverScope() { --thread_state.driver_depth; }
  DriverScope(const DriverScope&) = delete;
  DriverScope& operator=(const DriverScope&) = delete;
};

/// Held while a producer calls its driver's send: inline handlers run in there.
class SendingScope {
 public:
  explicit SendingScope(const void* producer) noexcept : entry_{producer, thread_state.sending} {
    thread_state.sending = &entry_;
  }
  ~SendingScope() { thread_state.sending = entry_.outer; }
  SendingScope(const SendingScope&) = delete;
  SendingScope& operator=(const SendingScope&) = delete;

 private:
  const Sending entry_;
};

/// Held while a user's callback of `handle` runs.
class HandleScope {
 public:
  explicit HandleScope(const void* handle) noexcept : outer_(thread_state.handle) {
    thread_state.handle = handle;
  }
  ~HandleScope() { thread_state.handle = outer_; }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  const void* outer_;
};

}  // namespace omnibus::detail
