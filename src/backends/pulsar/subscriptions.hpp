#pragma once

#include <map>
#include <memory>

#include "backends/pulsar/subscription_link.hpp"

namespace omnibus::pulsar {

/// Makes a durable subscription without a consumer; does nothing when it exists. Runs on the loop.
void create_subscription(const std::shared_ptr<Session>& session, const std::string& topic,
                         const std::string& subscription, Position position, Completion done);

/// Removes a subscription. Errors: conflict while consumers use it. Runs on the loop.
void remove_subscription(const std::shared_ptr<Session>& session, const std::string& topic,
                         const std::string& subscription, Completion done);

/// Ephemeral subscriptions that outlive their last consumer for a while, which the broker does not know.
/// Threads: the loop's only.
class Expiries final : public std::enable_shared_from_this<Expiries> {
 public:
  explicit Expiries(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  /// Removes it after `delay`, unless it is in use then or kept meanwhile.
  void expire(const std::string& topic, const std::string& subscription, Duration delay);
  void keep(const std::string& topic, const std::string& subscription) {
    timers_.erase({topic, subscription});
  }
  void clear() { timers_.clear(); }

 private:
  const std::shared_ptr<Session> session_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<wire::Timer>> timers_;
};

}  // namespace omnibus::pulsar
