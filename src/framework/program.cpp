#include "omnibus/framework/program.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <omnibus/exit_status.hpp>
#include <omnibus/log.hpp>

#include "framework/metrics.hpp"

namespace omnibus::framework {
namespace {

using Processors = std::vector<std::unique_ptr<AsyncProcessor>>;

/// Sleeps until the stop is requested, or up to `timeout`.
void wait(const std::stop_token& stop, Duration timeout) {
  std::mutex mutex;
  std::condition_variable_any asked;
  std::unique_lock lock(mutex);
  asked.wait_until(lock, stop, deadline_after(timeout), [] { return false; });
}

/// What /readyz asks. The processors it looks at come and go, hence the lock around their answer.
class Readiness {
 public:
  void watch(const Processors* processors) {
    const std::lock_guard lock(mutex_);
    processors_ = processors;
    reason_.clear();
  }
  void not_ready(std::string reason) {
    const std::lock_guard lock(mutex_);
    processors_ = nullptr;
    reason_ = std::move(reason);
  }
  std::string ask() const {
    const std::lock_guard lock(mutex_);
    std::string all = reason_;
    if (processors_ == nullptr) return all;
    for (const auto& processor : *processors_) {
      const auto reason = processor->ready();
      if (!reason.empty()) all += (all.empty() ? "" : "; ") + reason;
    }
    return all;
  }

 private:
  mutable std::mutex mutex_;  // guards both
  const Processors* processors_ = nullptr;
  std::string reason_ = "starting";
};

/// Ends the process when handlers ignore their stop token: they must not meet the end of what they use.
void leave_if_abandoned(const Settings& settings) {
  auto metrics = settings.bus.metrics;
  const auto left = abandoned_handlers(metrics).value();
  if (left <= 0) return;
  log::write(log::Level::warning, std::to_string(static_cast<long>(left)) +
                                      " handlers still run; ending without them, their messages come again");
  std::fflush(nullptr);
  std::_Exit(1);
}

/// One life of the program's processors: from the connection to its end.
class Life {
 public:
  Life(const Settings& settings, Readiness& readiness)
      : settings_(settings), readiness_(readiness), bus_(connect(settings)) {}

  /// Ends what was started, whatever happened.
  ~Life() { end(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void start(const MakeProcessors& make, const std::stop_token& stop) {
    processors_ = make(bus_, settings_);
    for (const auto& processor : processors_) {
      if (stop.stop_requested()) return;
      ++started_;
      processor->start();
    }
    readiness_.watch(&processors_);
  }

  /// Errors: none; what stop() throws is logged. True when nothing was left.
  bool end() noexcept {
    if (std::exchange(ended_, true)) return clean_;
    readiness_.not_ready("stopping");
    const auto deadline = deadline_after(settings_.shutdown_timeout);
    for (std::size_t i = 0; i < started_; ++i) processors_[i]->stop_by(deadline);
    for (auto left = started_; left > 0; --left) stop_one(*processors_[left - 1]);
    const auto report = bus_.close(std::max<Duration>(deadline - Clock::now(), std::chrono::seconds(1)));
    if (report.unsent > 0) {
      log::write(log::Level::warning, std::to_string(report.unsent) + " messages were not sent");
    }
    clean_ = clean_ && report.unsent == 0;
    leave_if_abandoned(settings_);
    return clean_;
  }

 private:
  void stop_one(AsyncProcessor& processor) noexcept {
    try {
      processor.stop();
    } catch (...) {
      clean_ = false;
      log::write(log::Level::error,
                 processor.id() + " did not stop cleanly: " + to_error(std::current_exception()).what());
    }
  }

  const Settings& settings_;
  Readiness& readiness_;
  Bus bus_;
  Processors processors_;
  std::size_t started_ = 0;
  bool ended_ = false, clean_ = true;
};

/// Returns whether the end was clean. Errors: what starting failed with.
bool live(const Settings& settings, const MakeProcessors& make, const ProgramOptions& options,
          Readiness& readiness, const std::stop_token& stop) {
  Life life(settings, readiness);
  life.start(make, stop);
  if (!stop.stop_requested()) {
    if (options.started) options.started();
    wait(stop, Duration::max());
  }
  log::write(log::Level::info, settings.id + " stops");
  return life.end();
}

int run_until_stopped(const Settings& settings, const MakeProcessors& make, const ProgramOptions& options) {
  SignalStop signals;
  const auto stop = signals.token();
  Readiness readiness;
  std::optional<AdminServer> admin;
  if (settings.metrics) {
    admin.emplace(settings.bus.metrics, settings.metrics_port);
    admin->ready_when([&readiness] { return readiness.ask(); });
    if (settings.metrics_port == 0) {
      log::write(log::Level::info, "metrics are served on port " + std::to_string(admin->port()));
    }
  }
  while (!stop.stop_requested()) {
    try {
      return live(settings, make, options, readiness, stop) ? 0 : 1;
    } catch (const Error& error) {
      if (!error.retryable()) throw;
      log::write(log::Level::error, std::string("cannot start, trying again: ") + error.what());
      readiness.not_ready(error.what());
    }
    wait(stop, options.restart);
  }
  return 0;
}

}  // namespace

int run_program(const Settings& settings, const MakeProcessors& make, const ProgramOptions& options) {
  const auto& name = settings.program.empty() ? settings.id : settings.program;
  try {
    log::set_id(settings.id);
    log::set_level(settings.log_level);
    return run_until_stopped(settings, make, options);
  } catch (...) {
    const auto error = to_error(std::current_exception());
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
    return exit_status(error);
  }
}

}  // namespace omnibus::framework
