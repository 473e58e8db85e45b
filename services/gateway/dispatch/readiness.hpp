#pragma once

#include <string>
#include <vector>

#include "services/gateway/dispatch/dispatch.hpp"

namespace omnibus::gateway {

/// What requests cannot be served without, and why: names the backend, the queue or the service. Asks the
/// broker, so it may wait.
std::vector<std::string> missing_parts(const Dispatch::Core& core);

/// {"status": "ready"}, or "not ready" with the list "missing", and status 503. The list "unserved" has the
/// services, global ones and those of flows, whose request queue nobody reads, where the broker can tell.
Answer readiness(const Dispatch::Core& core);

}  // namespace omnibus::gateway
