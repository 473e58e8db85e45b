#pragma once

/// Choosing what happens next. Every function reads a State and returns records that change it; none changes
/// anything itself.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

/// How much history a `tenant/namespace` keeps and how much may wait in it. Zero: without limit.
struct Limits {
  std::uint64_t retention_bytes = 0;
  Millis retention_time = 0;
  std::uint64_t hard_limit = 0;  ///< bytes that subscriptions still wait for; then sends fail
};

/// The consumers that may be handed messages now: all of a shared subscription, the first of the others.
std::vector<ConsumerId> active_consumers(const Subscription& subscription);

/// At most `most` messages for `consumer`, oldest first, those given back before those never seen. Empty when
/// there is none. A result without sequences notes only that some were put aside for later. A result takes
/// `memory`.
std::optional<record::Lease> next_lease(const State& state, const Subscription& subscription,
                                        ConsumerId consumer, std::size_t most, Millis now,
                                        std::vector<Sequence>* memory = nullptr);

/// What the passing of time asks for: leases that ran out, an ephemeral subscription nobody came back to.
std::vector<Record> overdue(const Subscription& subscription, Millis now);

/// When time has next to do with it: overdue() or a message whose time comes; empty for never.
std::optional<Millis> next_due(const Subscription& subscription, Millis now);

/// What of the history goes so that `space` keeps its limits.
std::vector<Record> trim(const State& state, const Space& space, const Limits& limits, Millis now);

/// What an acknowledgement or its opposite may do to one delivery.
enum class Hold : std::uint8_t {
  held,     ///< this very delivery is in work
  settled,  ///< it was acknowledged
  stale     ///< it was taken back
};
Hold hold_of(const State& state, SubscriptionId subscription, Sequence sequence, std::uint64_t epoch);

}  // namespace omnibus::embedded
