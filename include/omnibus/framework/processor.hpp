#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include <omnibus/framework/flow.hpp>
#include <omnibus/settings.hpp>

namespace omnibus::framework {

/// The whole configuration: type → key → text.
using Configuration = std::map<std::string, std::map<std::string, std::string>>;

/// Follows the configuration: subscribes to the push at `latest`, then asks the config service until it
/// answers, then applies only versions above the last applied one. Used by processors and by the gateway.
/// Threads: handlers run one at a time on the Bus's pool.
class ConfigReceiver {
 public:
  using Handler = std::function<void(const Configuration&, std::int64_t version)>;
  ConfigReceiver(Bus bus, std::string id, QueueName push);
  ~ConfigReceiver();
  /// Handlers run in registration order; one that throws makes the version be applied again after a back-off.
  void on_config(Handler handler);
  void start();
  void stop();
  /// The last version applied; empty before the first.
  std::optional<std::int64_t> version() const;
};

/// The base of every service: a Bus, metrics, the admin port, the configuration, signals.
class AsyncProcessor {
 public:
  AsyncProcessor(Bus bus, Settings settings);
  virtual ~AsyncProcessor();

  const std::string& id() const noexcept;
  Bus& bus() noexcept;
  const Settings& settings() const noexcept;
  /// Called with every configuration applied, in version order.
  void on_config(ConfigReceiver::Handler handler);

  /// Starts following the configuration. Overriders call it first, then start their own parts.
  virtual void start();
  /// Stops taking, finishes handlers, flushes, acknowledges, closes, within Settings::shutdown_timeout.
  virtual void stop();
  /// start(), waits for `stop` or SIGTERM/SIGINT (see run_program), stop().
  void run(std::stop_token stop);
  /// Empty when ready; else the reason, for /readyz.
  virtual std::string ready() const;
};

/// A processor whose parts come and go with flows: follows config type `active-flow`, key = its id.
class FlowProcessor : public AsyncProcessor {
 public:
  using AsyncProcessor::AsyncProcessor;
  /// Before start(). Specs build in registration order; consumers start last.
  void add(std::unique_ptr<Spec> spec);
  template <class S, class... Args>
  void add(Args&&... args) {
    add(std::make_unique<S>(std::forward<Args>(args)...));
  }
  /// The flows running now.
  std::vector<std::string> flows() const;
};

}  // namespace omnibus::framework
