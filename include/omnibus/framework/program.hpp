#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/framework/processor.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// Turns SIGTERM and SIGINT into a stop request while it lives; the second signal ends the process at once
/// with status 128 + its number. Restores what was there before. One at a time in a process. Threads: one of
/// its own, asleep.
class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const noexcept;
  /// As if a signal had come.
  void request_stop() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ProgramOptions {
  /// Between attempts to connect and start when the broker cannot be reached.
  Duration restart = std::chrono::seconds(4);
  /// Called once everything has started, for example to print an address.
  std::function<void()> started = nullptr;
};

/// Makes the processors of one program, on one Bus.
using MakeProcessors =
    std::function<std::vector<std::unique_ptr<AsyncProcessor>>(const Bus& bus, const Settings& settings)>;

/// The main of a program made of processors: log, admin port (/metrics, /healthz, /readyz), Bus, start, wait
/// for SIGTERM or SIGINT, stop within Settings::shutdown_timeout, last started first. What a later call may
/// cure (no broker yet) is logged and tried again for ever, anything else is one line on stderr. Returns the
/// exit status: 0 after a clean stop, 1 when something was left, exit_status() of what it failed with.
int run_program(const Settings& settings, const MakeProcessors& make, const ProgramOptions& options = {});

/// The same for one processor.
template <class Processor>
int run_program(const Settings& settings, const ProgramOptions& options = {}) {
  return run_program(
      settings,
      [](const Bus& bus, const Settings& mine) {
        std::vector<std::unique_ptr<AsyncProcessor>> made;
        made.push_back(std::make_unique<Processor>(bus, mine));
        return made;
      },
      options);
}

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
