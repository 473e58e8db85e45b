#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>

#include "core/budget.hpp"
#include "core/executor.hpp"
#include "core/instance.hpp"
#include "core/timer_queue.hpp"

namespace omnibus::detail {

/// What a connection closes: the cores of its producers and consumers.
class Closable {
 public:
  virtual ~Closable() = default;
  /// Takes nothing more and ends by `deadline` without anybody waiting.
  virtual void begin_close(TimePoint deadline) noexcept = 0;
  virtual CloseReport close(Duration timeout) noexcept = 0;
  virtual bool is_consumer() const noexcept = 0;
};

/// The insides of a Bus: the driver, the pool, the timers, the byte budget. Kept alive by every producer and
/// consumer and by every callback in flight; what users hold is BusCore. Threads: any.
class Connection final : public driver::Host, public std::enable_shared_from_this<Connection> {
 public:
  static std::shared_ptr<Connection> open(const BackendFactory& factory, std::string_view url,
                                          BusOptions options);
  explicit Connection(BusOptions options);
  ~Connection() override;

  driver::Backend& backend() noexcept { return *backend_; }
  const driver::Features& features() const noexcept { return backend_->features(); }
  BusOptions& options() noexcept { return options_; }
  Metrics& metrics() noexcept { return options_.metrics; }
  Budget& budget() noexcept { return budget_; }
  const std::string& instance() const noexcept { return options_.instance; }

  std::uint64_t schedule(TimePoint when, UniqueFunction<void()> work) override;
  bool cancel(std::uint64_t token) noexcept override;
  void post(UniqueFunction<void()> work) { executor_.post(std::move(work)); }
  /// Runs short work soon on the timer thread: what must happen outside a driver's call, whatever the pool
  /// is busy with.
  void defer(UniqueFunction<void()> work) { timers_.schedule(TimePoint::min(), std::move(work)); }
  std::size_t threads() const noexcept { return executor_.threads(); }

  /// Throws ConfigError when the backend lacks the feature; warns once per connection when it is weaker.
  void require(driver::Feature feature, std::string_view what);
  /// Warns once per connection when the feature is weaker, or missing where that is no error.
  void note(driver::Feature feature);

  /// Errors: ClosedError after close().
  void add(std::weak_ptr<Closable> closable);
  void check_open() const;

  CloseReport close(Duration timeout) noexcept;
  /// Closes, then ends the pool, the driver and the timers. Once, by the last owner.
  void shutdown(Duration timeout) noexcept;

 private:
  std::vector<std::shared_ptr<Closable>> closables();
  void close_backend(TimePoint deadline) noexcept;

  BusOptions options_;
  std::optional<Instance> slot_;
  Budget budget_;
  TimerQueue timers_;
  Executor executor_;
  std::unique_ptr<driver::Backend> backend_;
  std::atomic<bool> closed_ = false;
  std::mutex close_mutex_;  ///< one closer at a time; guards backend_closed_
  bool backend_closed_ = false;
  std::mutex mutex_;  ///< guards what follows
  std::vector<std::weak_ptr<Closable>> closables_;
  std::size_t purge_at_ = 64;
  std::set<driver::Feature> warned_;
};

/// What users own together: when the last Bus, producer and consumer is gone, the connection shuts down.
class BusCore {
 public:
  explicit BusCore(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~BusCore();
  BusCore(const BusCore&) = delete;
  BusCore& operator=(const BusCore&) = delete;
  const std::shared_ptr<Connection>& connection() const noexcept { return connection_; }

 private:
  std::shared_ptr<Connection> connection_;
};

/// Runs work that waits, for threads that must not. Joined when the program ends.
void run_aside(UniqueFunction<void()> work);

}  // namespace omnibus::detail
