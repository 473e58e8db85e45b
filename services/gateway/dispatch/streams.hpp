#pragma once

#include <memory>

#include "services/gateway/dispatch/dispatch.hpp"

namespace omnibus::gateway {

/// The far end of an import or export socket, which is refused once the configuration is known and has no
/// such flow or kind.
std::shared_ptr<Channel> open_stream(const std::shared_ptr<Dispatch::Core>& core, FlowSocket socket,
                                     Reply reply);

}  // namespace omnibus::gateway
