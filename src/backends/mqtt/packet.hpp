#pragma once

/// Control packets of MQTT 5.0 and 3.1.1 as values, and their bytes. No I/O.
///
/// Texts and payloads are views: of what is read they point into the frame, of what is written they are the
/// caller's. Threads: plain values. Source: OASIS MQTT 5.0 and 3.1.1, whose numbered statements comments
/// cite.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backends/mqtt/reason.hpp"

namespace omnibus::mqtt {

enum class Version : std::uint8_t { v311 = 4, v5 = 5 };
std::string_view to_string(Version version) noexcept;  ///< "3.1.1" or "5"

enum class Type : std::uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth
};
std::string_view to_string(Type type) noexcept;  ///< "PUBLISH" …

using UserProperties = std::vector<std::pair<std::string_view, std::string_view>>;

/// What MQTT 5 packets may carry beyond their fields. 3.1.1 knows none: not written, never read.
struct PacketProperties {
  std::optional<bool> payload_is_text;
  std::optional<std::uint32_t> message_expiry;  ///< seconds
  std::optional<std::string_view> content_type, response_topic, correlation_data;
  std::vector<std::uint32_t> subscription_ids;
  std::optional<std::uint32_t> session_expiry;  ///< seconds; the largest number: never
  std::optional<std::string_view> assigned_client_id;
  std::optional<std::uint16_t> server_keep_alive;  ///< seconds
  std::optional<std::string_view> authentication_method, authentication_data;
  std::optional<bool> request_problem_information, request_response_information;
  std::optional<std::uint32_t> will_delay;  ///< seconds
  std::optional<std::string_view> response_information, server_reference, reason_text;
  std::optional<std::uint16_t> receive_maximum, topic_alias_maximum, topic_alias;
  std::optional<std::uint8_t> maximum_qos;
  std::optional<bool> retain_available, wildcards_available, subscription_ids_available, shared_available;
  std::optional<std::uint32_t> maximum_packet_size;  ///< bytes, the whole packet
  UserProperties user;

  friend bool operator==(const PacketProperties&, const PacketProperties&) = default;
};

struct Will {
  std::string_view topic, payload;
  std::uint8_t qos = 0;
  bool retain = false;
  PacketProperties properties = {};

  friend bool operator==(const Will&, const Will&) = default;
};

struct Connect {
  std::string_view client_id;
  bool clean_start = true;
  std::uint16_t keep_alive = 0;  ///< seconds; 0: none
  std::optional<std::string_view> user = std::nullopt, password = std::nullopt;
  std::optional<Will> will = std::nullopt;
  PacketProperties properties = {};

  friend bool operator==(const Connect&, const Connect&) = default;
};

struct Connack {
  bool session_present = false;
  /// Of 3.1.1 the return code, translated to its reason code of MQTT 5. A refusal of 3.1.1 is understood in
  /// either version, for brokers that know no other refuse a CONNECT of MQTT 5 so.
  Reason reason = Reason::success;
  PacketProperties properties = {};

  friend bool operator==(const Connack&, const Connack&) = default;
};

struct Publish {
  std::string_view topic, payload;
  std::uint16_t id = 0;  ///< 0 exactly when qos is 0
  std::uint8_t qos = 0;
  bool retain = false, again = false;  ///< `again`: the DUP flag
  PacketProperties properties = {};

  friend bool operator==(const Publish&, const Publish&) = default;
};

/// PUBACK, PUBREC, PUBREL, PUBCOMP.
struct Ack {
  Type type = Type::puback;
  std::uint16_t id = 0;
  Reason reason = Reason::success;
  PacketProperties properties = {};

  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Subscribe {
  struct Filter {
    std::string_view filter;
    std::uint8_t qos = 0;
    bool no_local = false, retain_as_published = false;
    std::uint8_t retain_handling = 0;  ///< 0: send retained, 1: if new, 2: never

    friend bool operator==(const Filter&, const Filter&) = default;
  };
  std::uint16_t id = 0;
  std::vector<Filter> filters = {};
  PacketProperties properties = {};

  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct Unsubscribe {
  std::uint16_t id = 0;
  std::vector<std::string_view> filters = {};
  PacketProperties properties = {};

  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
};

/// SUBACK, UNSUBACK. A 3.1.1 UNSUBACK has no reasons.
struct Subscribed {
  Type type = Type::suback;
  std::uint16_t id = 0;
  std::vector<Reason> reasons = {};
  PacketProperties properties = {};

  friend bool operator==(const Subscribed&, const Subscribed&) = default;
};

/// PINGREQ, PINGRESP.
struct Ping {
  Type type = Type::pingreq;

  friend bool operator==(const Ping&, const Ping&) = default;
};

struct Disconnect {
  Reason reason = Reason::success;
  PacketProperties properties = {};

  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

struct Auth {
  Reason reason = Reason::success;
  PacketProperties properties = {};

  friend bool operator==(const Auth&, const Auth&) = default;
};

using Packet =
    std::variant<Connect, Connack, Publish, Ack, Subscribe, Subscribed, Unsubscribe, Ping, Disconnect, Auth>;

/// One whole packet's bytes.
struct Frame {
  std::uint8_t head = 0;  ///< type and flags
  std::string_view body;  ///< behind the remaining length
  std::size_t size = 0;   ///< of the whole
};

/// The packet that `bytes` begin with, when it is whole. Errors: ProtocolError for a type or flags that do
/// not exist and for a length that is malformed or larger than `most` bytes in all, as soon as that is seen.
std::optional<Frame> first_frame(std::string_view bytes, std::size_t most);

/// Reads a packet. A CONNECT of any version is read, its own version is in `connect_version`; that of others
/// is `version`. Errors: ProtocolError that names the packet and what is wrong; `native` is the name of the
/// reason to close the connection with, see reason_of().
Packet parse(const Frame& frame, Version version);
/// The version that a CONNECT asks for. Errors: ProtocolError.
Version connect_version(const Frame& frame);
/// What to tell the peer in a DISCONNECT after such a ProtocolError: malformed_packet, protocol_error or a
/// closer one; unspecified for other errors.
Reason reason_of(const Error& error) noexcept;

/// Append the packet. What does not fit into its field (text over 65,535 bytes) is an Error{too_large}, what
/// no packet may hold (an id of 0, U+0000 in text) Error{internal}; `out` is then unchanged. 3.1.1 has no
/// reasons beside those of CONNACK and SUBACK: they are left out, but failure is no success, so a PUBACK or
/// PUBREC that refuses and a DISCONNECT for a reason are an Error{internal} there: close the connection.
void write(std::string& out, Version version, const Packet& packet);
/// The same without a variant, for the frequent ones.
void write(std::string& out, Version version, const Publish& publish);
void write(std::string& out, Version version, const Ack& ack);
/// Bytes that write() would append.
std::size_t size_of(Version version, const Publish& publish);

/// True for a topic name: 1 to 65,535 bytes of well-formed UTF-8 without U+0000, '+' and '#'.
bool is_topic(std::string_view text) noexcept;

}  // namespace omnibus::mqtt
