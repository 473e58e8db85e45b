#pragma once

/// The status as JSON; what its keys mean is in docs/gateway.md. What is not known is null.
/// Threads: pure functions.

#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "services/gateway/status/error_log.hpp"
#include "services/gateway/status/survey.hpp"
#include "services/gateway/status/traffic.hpp"
#include "services/gateway/status/watched.hpp"

namespace omnibus::gateway {

/// What it is made from; only for the length of a call.
struct Report {
  const Watched& watched;
  const Survey& survey;
  const TrafficByQueue& traffic;
  const TrafficByQueue* before;  ///< null: there are no rates yet
  Duration between;              ///< from before until now
  bool whole_system = false;     ///< what this process did not count did not happen
};

/// "configured", "not_known", "flows", "services", "queues".
boost::json::object to_json(const Report& report);
/// "id", "version", "backend", "uptime" (seconds).
void add_process(boost::json::object& status, std::string_view id, std::string_view backend, Duration uptime);
/// "errors", with the time in milliseconds since 1970.
void add_errors(boost::json::object& status, const std::vector<FailedRequest>& failed);

}  // namespace omnibus::gateway
