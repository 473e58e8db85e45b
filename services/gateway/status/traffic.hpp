#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <omnibus/queue_name.hpp>
#include <omnibus/time.hpp>

namespace omnibus::gateway {

/// What this process has sent to a queue and taken from it since it started; empty: it never did.
struct Traffic {
  std::optional<double> sent = std::nullopt, received = std::nullopt;
};
/// By queue; all durable guarantees of one name are one queue (see queue_key).
using TrafficByQueue = std::map<std::string, Traffic>;

/// What names the same queue: q1 and q2 of one name do.
std::string queue_key(const QueueName& queue);

/// Reads `omnibus_sent_total` and `omnibus_received_total` from metrics in Prometheus' text format. Several
/// series of a queue, one per subscription, are added up. Lines that are not understood are passed over.
TrafficByQueue read_traffic(std::string_view metrics);

/// Messages per second between two readings; empty when one of them is missing.
std::optional<double> rate(std::optional<double> before, std::optional<double> now, Duration between);

}  // namespace omnibus::gateway
