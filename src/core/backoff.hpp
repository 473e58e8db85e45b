#pragma once

#include <cstdint>

#include <omnibus/options.hpp>

namespace omnibus::detail {

/// Between attempts to get a link back. Source: design, "link".
inline constexpr Backoff link_backoff{.initial = std::chrono::milliseconds(100),
                                      .maximum = std::chrono::seconds(10),
                                      .factor = 2.0,
                                      .jitter = 0.2};

/// The wait after failure number `attempt` (from 1). `random` in [0, 1) chooses within the jitter.
Duration delay_of(const Backoff& backoff, std::uint32_t attempt, double random) noexcept;

/// A number in [0, 1), differing between threads and processes.
double random_unit() noexcept;

}  // namespace omnibus::detail
