#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <omnibus/bus.hpp>

#include "services/gateway/status/watched.hpp"

namespace omnibus::gateway {

/// What the broker tells of one queue; empty: not known.
struct QueueNumbers {
  std::optional<std::uint64_t> depth = std::nullopt;    ///< messages kept
  std::optional<std::uint64_t> waiting = std::nullopt;  ///< of these, not yet delivered to a subscription
  std::optional<std::uint64_t> in_flight = std::nullopt;
  std::optional<std::uint64_t> redelivered = std::nullopt;
  std::optional<std::uint64_t> dead_lettered = std::nullopt;  ///< in its dead letter queues now
  std::optional<std::uint64_t> readers = std::nullopt;        ///< consumers
};

struct Survey {
  std::map<std::string, QueueNumbers> queues;  ///< by queue_key
  std::string why = {};                        ///< some are not known
};

/// Asks the broker, so it may wait: at most the connect timeout for a broker that is away, which is not asked
/// further then. Looks at `most` queues at most.
Survey survey(Bus& bus, const Watched& watched, std::size_t most = 500);

}  // namespace omnibus::gateway
