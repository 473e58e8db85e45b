#pragma once

#include <memory>
#include <string>

#include "backends/mqtt/context.hpp"

namespace omnibus::mqtt {

/// Removes a session at the broker with all it holds. Nobody may be using it. Completes on the loop. Errors:
/// as Connection::open. Threads: the loop's only.
void erase_session(const std::shared_ptr<Context>& context, const std::string& client_id, Completion done);

}  // namespace omnibus::mqtt
