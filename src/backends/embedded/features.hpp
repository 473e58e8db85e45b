#pragma once

#include <omnibus/driver.hpp>

namespace omnibus::embedded {

/// What this backend promises, in process or durable.
driver::Features features(bool durable);

}  // namespace omnibus::embedded
