#pragma once

#include <omnibus/driver.hpp>

namespace omnibus::pulsar {

/// What this backend declares.
driver::Features features();

}  // namespace omnibus::pulsar
