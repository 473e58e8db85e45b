#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <omnibus/driver.hpp>
#include <omnibus/properties.hpp>
#include <omnibus/time.hpp>

#include "backends/mqtt/inbound.hpp"

namespace omnibus::mqtt {

/// The copy of a message that was given back, for the retry topic: its properties tell attempt and time.
driver::Outgoing retry_of(const Inbound& message, std::uint32_t attempt, Duration delay);

/// Takes those two off the properties of a copy and tells when it is due; nothing when it bears none.
std::optional<SystemTime> take_retry(Properties& properties, std::uint32_t& attempt);

}  // namespace omnibus::mqtt
