#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include <omnibus/time.hpp>

namespace omnibus::embedded {

/// A thread that does a round of work now and then, and soon after it was asked to.
/// Threads: start() and stop() from one; poke() from any.
class Keeper {
 public:
  /// One round; it ends early when asked to stop. False: it failed and is not tried again at once.
  using Round = std::function<bool(const std::stop_token&)>;

  Keeper() = default;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() { stop(); }

  void start(Duration every, Round round);
  /// Waits for a round that is going on. Idempotent.
  void stop() noexcept;
  /// Cheap when it was poked already.
  void poke();

 private:
  void run(const std::stop_token& stop, Duration every, const Round& round);

  std::mutex mutex_;
  std::condition_variable_any poked_again_;
  std::atomic<bool> poked_ = false;  ///< set under mutex_
  std::jthread thread_;
};

}  // namespace omnibus::embedded
