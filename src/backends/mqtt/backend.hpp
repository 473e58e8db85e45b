#pragma once

/// MQTT 5, and 3.1.1 where the broker knows no other: `mqtt://host:1883`, `mqtts://host:8883`.

#include <memory>
#include <string>

#include <omnibus/driver.hpp>
#include <omnibus/queue_name.hpp>

namespace omnibus::mqtt {

/// Connects to one of the brokers. Errors: ConfigError for unknown parameters; Error{unavailable},
/// {authentication} within the connect timeout.
std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host);

/// The queue's topic, `tenant/namespace/queue`; that of q0, q1 and q2 is one.
std::string native_name(const QueueName& queue);

}  // namespace omnibus::mqtt
