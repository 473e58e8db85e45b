#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "services/config/client.hpp"
#include "services/flow/ledger.hpp"

namespace omnibus::flow {

/// What a broker says of a subscription.
struct Backlog {
  bool exists = true;
  std::optional<std::uint64_t> messages = std::nullopt;  ///< empty when the broker cannot tell
};

/// Removing subscriptions, as far as the reaper needs a broker.
class Subscriptions {
 public:
  virtual ~Subscriptions() = default;
  virtual Backlog look(const Subscription& subscription) = 0;
  virtual void remove(const Subscription& subscription) = 0;
};

/// How long to sleep at `now` when something is due at `until`. Bounded, because the ledger's clock is the
/// wall clock and may be set.
std::chrono::milliseconds pause_until(SystemTime until, SystemTime now);

/// Removes what has been unused for longer than the grace, after asking the configuration once more.
/// Threads: any.
class Reaper {
 public:
  /// `exclusive` is held while something is removed, so that no flow starts meanwhile.
  Reaper(Ledger& ledger, config::Access& config, Subscriptions& subscriptions, Duration grace,
         std::mutex& exclusive);
  ~Reaper();

  /// Notes which flows the configuration names at `now`.
  void observe(const config::Values& values, SystemTime now);
  /// Removes what is due at `now`; what cannot be removed stays for the next time. Returns how many were
  /// removed.
  std::size_t sweep(SystemTime now);

  /// Sweeps by itself from now on.
  void start();
  void stop() noexcept;

 private:
  void run(const std::stop_token& stop);
  bool remove(const Subscription& subscription);

  Ledger& ledger_;
  config::Access& config_;
  Subscriptions& subscriptions_;
  const Duration grace_;
  std::mutex& exclusive_;

  std::mutex mutex_;  // guards changed_
  std::condition_variable_any wake_;
  bool changed_ = false;
  std::jthread thread_;
};

}  // namespace omnibus::flow
