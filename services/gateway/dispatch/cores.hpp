#pragma once

#include <memory>

#include "services/gateway/dispatch/dispatch.hpp"

namespace omnibus::gateway {

/// Brings a stream of msgpack to the knowledge service, one record after the other. What fails on the way
/// ends it, is logged, and is not told, as existing clients know it.
void import_core(const std::shared_ptr<Dispatch::Core>& core, CoreCall call, Reply reply);

/// Collects a knowledge core as msgpack. Errors are answered as those of the knowledge service.
void export_core(const std::shared_ptr<Dispatch::Core>& core, const CoreCall& call, Reply reply);

}  // namespace omnibus::gateway
