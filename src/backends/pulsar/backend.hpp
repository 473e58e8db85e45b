#pragma once

/// Apache Pulsar over its binary protocol: `pulsar://host:6650`, `pulsar+ssl://host:6651`.

#include <memory>
#include <string>

#include <omnibus/driver.hpp>
#include <omnibus/queue_name.hpp>

namespace omnibus::pulsar {

/// Connects to one of the brokers. Errors: ConfigError for unknown parameters; Error{unavailable},
/// {authentication} within the connect timeout.
std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host);

/// The queue's topic, `persistent://…` or `non-persistent://…`.
std::string native_name(const QueueName& queue);

}  // namespace omnibus::pulsar
