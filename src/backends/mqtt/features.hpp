#pragma once

#include "backends/mqtt/connection.hpp"

namespace omnibus::mqtt {

/// What this backend declares, on a broker of these terms.
driver::Features features(const Context& context, const Terms& terms);

}  // namespace omnibus::mqtt
