#pragma once

/// The properties of MQTT 5 packets. Internal to the codec. Source: MQTT 5.0 section 2.2.2.

#include <cstdint>
#include <string>

#include "backends/mqtt/packet_bytes.hpp"
#include "backends/mqtt/packet_cursor.hpp"

namespace omnibus::mqtt {

/// Where properties stand.
enum Place : std::uint32_t {
  in_connect = 1u << 0,
  in_will = 1u << 1,
  in_connack = 1u << 2,
  in_publish = 1u << 3,
  in_ack = 1u << 4,  ///< PUBACK, PUBREC, PUBREL, PUBCOMP
  in_subscribe = 1u << 5,
  in_subscribed = 1u << 6,  ///< SUBACK, UNSUBACK
  in_unsubscribe = 1u << 7,
  in_disconnect = 1u << 8,
  in_auth = 1u << 9,
  anywhere = 0x3ff,
};

/// Reads the length and what it spans. Errors: ProtocolError.
void read_properties(Cursor& cursor, Place place, PacketProperties& properties);

/// Bytes of the properties behind their length. Errors: of write().
std::size_t measure_properties(Type type, Place place, const PacketProperties& properties);
/// Appends the length and the properties that were measured.
void append_properties(std::string& out, const PacketProperties& properties, std::size_t measured);

}  // namespace omnibus::mqtt
