#pragma once

#include <cstdint>
#include <string_view>

#include <omnibus/error.hpp>

namespace omnibus::mqtt {

/// Reason codes of MQTT 5, section 2.4. Success is also "normal disconnection" and "granted QoS 0".
enum class Reason : std::uint8_t {
  success = 0x00,
  granted_qos_1 = 0x01,
  granted_qos_2 = 0x02,
  disconnect_with_will = 0x04,
  no_matching_subscribers = 0x10,
  no_subscription_existed = 0x11,
  continue_authentication = 0x18,
  reauthenticate = 0x19,
  unspecified = 0x80,
  malformed_packet = 0x81,
  protocol_error = 0x82,
  implementation_specific = 0x83,
  unsupported_version = 0x84,
  client_id_not_valid = 0x85,
  bad_user_or_password = 0x86,
  not_authorized = 0x87,
  server_unavailable = 0x88,
  server_busy = 0x89,
  banned = 0x8a,
  server_shutting_down = 0x8b,
  bad_authentication_method = 0x8c,
  keep_alive_timeout = 0x8d,
  session_taken_over = 0x8e,
  topic_filter_invalid = 0x8f,
  topic_name_invalid = 0x90,
  packet_id_in_use = 0x91,
  packet_id_not_found = 0x92,
  receive_maximum_exceeded = 0x93,
  topic_alias_invalid = 0x94,
  packet_too_large = 0x95,
  message_rate_too_high = 0x96,
  quota_exceeded = 0x97,
  administrative_action = 0x98,
  payload_format_invalid = 0x99,
  retain_not_supported = 0x9a,
  qos_not_supported = 0x9b,
  use_another_server = 0x9c,
  server_moved = 0x9d,
  shared_subscriptions_not_supported = 0x9e,
  connection_rate_exceeded = 0x9f,
  maximum_connect_time = 0xa0,
  subscription_ids_not_supported = 0xa1,
  wildcards_not_supported = 0xa2,
};

/// The name that the specification gives it, in words: "Session taken over".
std::string_view to_string(Reason reason) noexcept;

constexpr bool is_failure(Reason reason) noexcept { return static_cast<std::uint8_t>(reason) >= 0x80; }

/// What a reason of failure means to a caller: code, whether a retry can help, hint. `what` begins the
/// message ("the broker refused the connection"), `detail` is the broker's reason text, or empty.
Error error_of(Reason reason, std::string_view what, std::string_view detail = {});

/// An Error of this backend.
Error make_error(ErrorCode code, std::string message, bool retryable, std::string hint = {});

}  // namespace omnibus::mqtt
