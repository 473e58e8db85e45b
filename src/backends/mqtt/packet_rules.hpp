#pragma once

/// What reading and writing packets must agree on. Internal to the codec. Threads: pure functions.

#include <array>

#include "backends/mqtt/packet.hpp"

namespace omnibus::mqtt {

/// The return codes of a 3.1.1 CONNACK as reasons. Source: MQTT 3.1.1 section 3.2.2.3.
inline constexpr std::array<Reason, 6> return_codes = {Reason::success,
                                                       Reason::unsupported_version,
                                                       Reason::client_id_not_valid,
                                                       Reason::server_unavailable,
                                                       Reason::bad_user_or_password,
                                                       Reason::not_authorized};

/// Whether such a packet can have this reason. What success means is told apart strictly; of failures each
/// that section 2.4 knows is taken in every packet, for brokers do not keep to the tables of chapter 3: a
/// message may be refused as too large by a PUBACK.
bool may_hold(Type type, Reason reason) noexcept;

/// What is wrong with a filter's options, null when nothing is.
const char* fault_of(const Subscribe::Filter& filter) noexcept;

}  // namespace omnibus::mqtt
