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

/// Takes those two off the properties of what came. True when it was such a copy.
bool take_retry(Properties& properties, std::uint32_t& attempt, std::optional<SystemTime>& due);

}  // namespace omnibus::mqtt
