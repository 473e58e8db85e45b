#pragma once

#include "services/gateway/dispatch/dispatch.hpp"

namespace omnibus::gateway {

/// {"status": "ready"}, or "not ready" with the list "missing", which names the backend, the queue or the
/// service, and status 503. Asks the broker, so it may wait.
Answer readiness(const Dispatch::Core& core);

}  // namespace omnibus::gateway
