#pragma once

/// The backend that needs nothing installed: `embedded://` in this process, `embedded://NAME` shared by the
/// Buses of this process, `embedded:///path` durable and shared by the machine's processes.

#include <memory>
#include <string>

#include <omnibus/driver.hpp>

namespace omnibus::embedded {

/// Errors: ConfigError for unknown parameters and unusable paths; Error{unsupported} for a store of a newer
/// format; unavailable, no_space, io.
std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host);

/// The name as it is: `q1/tenant/namespace/queue`.
std::string native_name(const QueueName& queue);

}  // namespace omnibus::embedded
