#pragma once

#include <omnibus/driver.hpp>

#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

driver::QueueStatistics statistics_of(const State& state, const Queue& queue, Millis now);

}  // namespace omnibus::embedded
