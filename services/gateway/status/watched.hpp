#pragma once

/// Which flows, services and queues there are, from the configuration. Nothing here talks to anybody.

#include <map>
#include <string>
#include <vector>

#include <omnibus/framework/config_receiver.hpp>
#include <omnibus/queue_name.hpp>

#include "services/gateway/gateway.hpp"

namespace omnibus::gateway {

struct WatchedService {
  std::string flow;  ///< empty: a global service
  std::string name;  ///< as in the URL, or the flow's interface
  std::string request;
  std::string response;  ///< empty: it answers nothing
};

struct WatchedFlow {
  std::string id, description, blueprint;
  bool readable = true;  ///< else nothing more is known of it
};

struct WatchedQueue {
  QueueName name;
  std::string kind;  ///< "request", "response", "flow" or "configuration"
};

struct Watched {
  bool configured = false;
  std::vector<WatchedFlow> flows;
  std::vector<WatchedService> services;        ///< global ones first, then by flow
  std::map<std::string, WatchedQueue> queues;  ///< by queue_key
};

/// The global services and their queues, which need no configuration; `moved` as in GatewayOptions.
Watched watch_global(const std::map<std::string, ServiceQueues>& moved, const std::string& config_push);
/// Adds the flows, with the services and queues of their interfaces and processors. A definition that cannot
/// be read is listed as that; a text that is no queue's name is passed over.
void watch_flows(Watched& watched, const framework::Configuration& configuration);

}  // namespace omnibus::gateway
