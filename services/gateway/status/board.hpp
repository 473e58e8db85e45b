#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>

#include "services/gateway/server/handler.hpp"
#include "services/gateway/status/error_log.hpp"
#include "services/gateway/status/traffic.hpp"
#include "services/gateway/status/watched.hpp"

namespace omnibus::gateway {

/// What is going on, as JSON: made when somebody asks, at most once per `fresh` and never twice at the same
/// time, however many ask. Held by shared_ptr.
/// Threads: any; the work is done on the Bus's pool.
class StatusBoard : public std::enable_shared_from_this<StatusBoard> {
 public:
  /// `whole_system`: as in GatewayOptions.
  StatusBoard(Bus bus, std::string id, Watched global, std::shared_ptr<const ErrorLog> errors,
              bool whole_system, Duration fresh = std::chrono::seconds(1));

  /// The flows of this configuration from now on.
  void configure(const framework::Configuration& configuration);
  /// Answers at once while the last status is fresh, else when the next one is made; status 503 when that
  /// failed.
  void ask(Reply reply);

 private:
  struct Reading {
    TimePoint time;
    TrafficByQueue traffic;
  };

  void make();
  std::string collect();

  Bus bus_;
  const std::string id_;
  const Watched global_;
  const bool whole_system_;
  const Duration fresh_;
  const TimePoint began_ = Clock::now();
  const std::shared_ptr<const ErrorLog> errors_;
  std::optional<Reading> before_;  // only for the one who collects
  std::mutex mutex_;               // guards what follows
  std::shared_ptr<const Watched> watched_;
  std::vector<Reply> waiting_;
  bool making_ = false;
  TimePoint made_ = TimePoint::min();
  std::string status_;
};

}  // namespace omnibus::gateway
