#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/framework/config_receiver.hpp>
#include <omnibus/framework/flow.hpp>
#include <omnibus/framework/processor_options.hpp>
#include <omnibus/settings.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// The base of every service: a Bus, metrics, the configuration. Several may share a Bus and a process.
/// Metrics: processor_info, with secrets redacted.
/// Threads: start, stop, run from one thread at a time; the rest any.
class AsyncProcessor {
 public:
  AsyncProcessor(Bus bus, Settings settings);
  /// Stops following the configuration. Derived classes call stop() in their own destructor when handlers of
  /// theirs may still run.
  virtual ~AsyncProcessor();
  AsyncProcessor(const AsyncProcessor&) = delete;
  AsyncProcessor& operator=(const AsyncProcessor&) = delete;

  const std::string& id() const noexcept;
  Bus& bus() noexcept;
  const Settings& settings() const noexcept;
  /// Before start(). Called with every configuration applied, in version order.
  void on_config(ConfigReceiver::Handler handler);

  /// Starts following the configuration. Overriders call it first, then start their own parts.
  virtual void start();
  /// Stops taking, finishes handlers, flushes, acknowledges, closes, within Settings::shutdown_timeout. The
  /// Bus stays open: it may be shared. Overriders give each step time_left(). Idempotent.
  virtual void stop();
  /// When stop() is to be over, for a program that stops several; otherwise Settings::shutdown_timeout after
  /// its first call. Before it.
  void stop_by(TimePoint deadline) noexcept;
  /// start(), waits for `stop`, stop(). run_program requests it on SIGTERM and SIGINT.
  void run(std::stop_token stop);
  /// Empty when ready; else the reason, for /readyz.
  virtual std::string ready() const;

 protected:
  /// What is left of the time to stop, which begins with the first call.
  Duration time_left();
  /// What follows the configuration.
  ConfigReceiver& config() noexcept;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

/// A processor whose parts come and go with flows: follows config type `active-flow`, key = its id, whose
/// text is JSON, {flow: {name: queue or value}}. New flows start, flows no longer named stop and keep their
/// subscriptions, changed ones restart. A flow that cannot be built is logged, named by ready() and tried
/// again at the next version; the others run on. Transactional when the options say so, or the flag
/// `--transactional` of a program that took flags() over.
class FlowProcessor : public AsyncProcessor {
 public:
  FlowProcessor(Bus bus, Settings settings, ProcessorOptions options = {});
  ~FlowProcessor() override;

  /// `flags` and what every flow processor understands: ProcessorOptions::flags.
  static Flags flags(Flags flags = {}) { return ProcessorOptions::flags(std::move(flags)); }

  /// Before start(). Specs build in registration order; consumers start last. Errors: ConfigError when the
  /// backend cannot do what the spec asks for, as a transactional consumer where there are no transactions.
  void add(std::unique_ptr<Spec> spec);
  template <class S, class... Args>
  void add(Args&&... args) {
    add(std::make_unique<S>(std::forward<Args>(args)...));
  }
  /// The flows running now.
  std::vector<std::string> flows() const;

  void stop() override;
  std::string ready() const override;

 private:
  struct Parts;
  const std::shared_ptr<Parts> parts_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
