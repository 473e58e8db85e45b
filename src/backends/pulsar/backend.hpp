#pragma once

/// Apache Pulsar over its binary protocol: `pulsar://host:6650`, `pulsar+ssl://host:6651`.

#include <memory>

#include <omnibus/driver.hpp>

namespace omnibus::pulsar {

/// Connects to one of the brokers. Errors: ConfigError for unknown parameters; Error{unavailable},
/// {authentication} within the connect timeout.
std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host);

}  // namespace omnibus::pulsar
