#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// The whole configuration: type → key → text.
using Configuration = std::map<std::string, std::map<std::string, std::string>>;

struct ConfigReceiverSettings {
  std::string id;
  QueueName push = {.name = "config", .qos = Qos::exactly_once, .tenant = "tg", .space = "config"};
  QueueName request = {.name = "config", .qos = Qos::best_effort, .tenant = "tg", .space = "request"};
  QueueName response = {.name = "config", .qos = Qos::best_effort, .tenant = "tg", .space = "response"};
  Duration answer = std::chrono::seconds(5);                  ///< how long one question waits for its answer
  Backoff ask_again = {.maximum = std::chrono::seconds(10)};  ///< between unanswered questions
  Backoff apply_again = {};                                   ///< after a handler has thrown
  Duration reconnect = std::chrono::seconds(5);               ///< between attempts to subscribe
};

/// Follows the configuration: subscribes to the push at `latest`, then asks the config service until it
/// answers, then applies only versions above the last applied one. Asks again when the subscription had to be
/// renewed. Used by processors and by the gateway.
/// Threads: handlers run one at a time on the Bus's pool.
class ConfigReceiver {
 public:
  using Handler = std::function<void(const Configuration&, std::int64_t version)>;
  ConfigReceiver(Bus bus, std::string id, QueueName push);
  ConfigReceiver(Bus bus, ConfigReceiverSettings settings);
  ~ConfigReceiver();
  ConfigReceiver(const ConfigReceiver&) = delete;
  ConfigReceiver& operator=(const ConfigReceiver&) = delete;

  /// Before start(). Handlers run in registration order; one that throws makes the version, or a newer one,
  /// be applied again after a back-off.
  void on_config(Handler handler);
  /// Returns once subscribed, or when the first attempt failed and retrying goes on in the background.
  void start();
  /// Waits up to `timeout` for a running handler, unless called from one. Idempotent; the destructor calls
  /// it.
  void stop(Duration timeout = std::chrono::seconds(10)) noexcept;
  /// The last version applied; empty before the first.
  std::optional<std::int64_t> version() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
