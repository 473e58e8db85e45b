#include "backends/mqtt/reason.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace omnibus::mqtt {
namespace {

struct Meaning {
  Reason reason;
  std::string_view name;
  ErrorCode code = ErrorCode::protocol;
  bool retryable = false;
  std::string_view hint = {};
};

constexpr bool retry = true, final = false;
constexpr std::string_view no_such_feature = "the broker does not offer it, or its configuration forbids it";
constexpr std::string_view our_defect = "please report it, with the broker's version and its log";

// Source: MQTT 5.0 section 2.4.
constexpr Meaning meanings[] = {
    {Reason::success, "Success"},
    {Reason::granted_qos_1, "Granted QoS 1"},
    {Reason::granted_qos_2, "Granted QoS 2"},
    {Reason::disconnect_with_will, "Disconnect with Will Message"},
    {Reason::no_matching_subscribers, "No matching subscribers", ErrorCode::no_subscription, final,
     "subscribe before sending"},
    {Reason::no_subscription_existed, "No subscription existed", ErrorCode::not_found, final},
    {Reason::continue_authentication, "Continue authentication"},
    {Reason::reauthenticate, "Re-authenticate"},
    // 3.1.1 has this one alone for every subscription that is refused.
    {Reason::unspecified, "Unspecified error", ErrorCode::protocol, final,
     "the broker does not tell why: see its log, and whether the user has the right to the topic"},
    {Reason::malformed_packet, "Malformed Packet", ErrorCode::protocol, final, our_defect},
    {Reason::protocol_error, "Protocol Error", ErrorCode::protocol, final, our_defect},
    {Reason::implementation_specific, "Implementation specific error", ErrorCode::protocol, final,
     "the broker's own rules refuse it: see its log"},
    {Reason::unsupported_version, "Unsupported Protocol Version", ErrorCode::unsupported, final,
     "the broker does not know this version of MQTT"},
    {Reason::client_id_not_valid, "Client Identifier not valid", ErrorCode::config, final,
     "give a client id that the broker accepts"},
    {Reason::bad_user_or_password, "Bad User Name or Password", ErrorCode::authentication, final,
     "give a valid user and password"},
    {Reason::not_authorized, "Not authorized", ErrorCode::forbidden, final,
     "the user lacks the right to connect or to the topic"},
    {Reason::server_unavailable, "Server unavailable", ErrorCode::unavailable, retry},
    {Reason::server_busy, "Server busy", ErrorCode::unavailable, retry},
    {Reason::banned, "Banned", ErrorCode::forbidden, final, "the broker's administrator can lift it"},
    {Reason::server_shutting_down, "Server shutting down", ErrorCode::unavailable, retry},
    {Reason::bad_authentication_method, "Bad authentication method", ErrorCode::authentication, final,
     "the broker wants another way to authenticate"},
    {Reason::keep_alive_timeout, "Keep Alive timeout", ErrorCode::unavailable, retry},
    {Reason::session_taken_over, "Session taken over", ErrorCode::conflict, final,
     "another client has connected with the same client id"},
    {Reason::topic_filter_invalid, "Topic Filter invalid", ErrorCode::config, final,
     "the broker does not accept this queue name"},
    {Reason::topic_name_invalid, "Topic Name invalid", ErrorCode::config, final,
     "the broker does not accept this queue name"},
    {Reason::packet_id_in_use, "Packet Identifier in use", ErrorCode::protocol, final, our_defect},
    {Reason::packet_id_not_found, "Packet Identifier not found", ErrorCode::protocol, final,
     "client and broker differ about the session: one of them has lost its state"},
    {Reason::receive_maximum_exceeded, "Receive Maximum exceeded", ErrorCode::protocol, final, our_defect},
    {Reason::topic_alias_invalid, "Topic Alias invalid", ErrorCode::protocol, final, our_defect},
    {Reason::packet_too_large, "Packet too large", ErrorCode::too_large, final,
     "send less in a message, or raise the broker's limit"},
    {Reason::message_rate_too_high, "Message rate too high", ErrorCode::unavailable, retry,
     "send more slowly, or raise the broker's limit"},
    {Reason::quota_exceeded, "Quota exceeded", ErrorCode::no_space, retry,
     "the broker's quota is used up: consume, or raise it"},
    // Somebody closed the connection, not the client's right to another.
    {Reason::administrative_action, "Administrative action", ErrorCode::unavailable, retry},
    {Reason::payload_format_invalid, "Payload format invalid", ErrorCode::protocol, final,
     "the payload is said to be text and is none"},
    {Reason::retain_not_supported, "Retain not supported", ErrorCode::unsupported, final, no_such_feature},
    {Reason::qos_not_supported, "QoS not supported", ErrorCode::unsupported, final,
     "the broker offers lower guarantees only: use q0 or q1"},
    {Reason::use_another_server, "Use another server", ErrorCode::unavailable, retry},
    // The same address will not do later either.
    {Reason::server_moved, "Server moved", ErrorCode::unavailable, final},
    {Reason::shared_subscriptions_not_supported, "Shared Subscriptions not supported", ErrorCode::unsupported,
     final, no_such_feature},
    {Reason::connection_rate_exceeded, "Connection rate exceeded", ErrorCode::unavailable, retry},
    {Reason::maximum_connect_time, "Maximum connect time", ErrorCode::unavailable, retry},
    {Reason::subscription_ids_not_supported, "Subscription Identifiers not supported", ErrorCode::unsupported,
     final, no_such_feature},
    {Reason::wildcards_not_supported, "Wildcard Subscriptions not supported", ErrorCode::unsupported, final,
     no_such_feature},
};

const Meaning* find(Reason reason) noexcept {
  const auto* const end = std::end(meanings);
  const auto* const found =
      std::find_if(std::begin(meanings), end, [&](const Meaning& each) { return each.reason == reason; });
  return found == end ? nullptr : found;
}

bool names_a_server(Reason reason) noexcept {
  return reason == Reason::use_another_server || reason == Reason::server_moved;
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
  const Meaning* const known = find(reason);
  return known != nullptr ? known->name : "Unknown reason";
}

Error error_of(Reason reason, std::string_view what, std::string_view detail) {
  const Meaning* const found = find(reason);
  const Meaning known = found != nullptr ? *found : Meaning{reason, "Unknown reason"};
  std::string message(what);
  message.append(": ").append(known.name);
  std::string hint(known.hint);
  if (names_a_server(reason)) {
    hint = detail.empty() ? "the broker does not name the server to use instead"
                          : "connect to " + std::string(detail) + " instead";
  } else if (!detail.empty()) {
    message.append(": ").append(detail);
  }
  return {known.code,
          std::move(message),
          {.retryable = known.retryable,
           .backend = "mqtt",
           .native = std::string(known.name),
           .hint = std::move(hint)}};
}

Error make_error(ErrorCode code, std::string message, bool retryable, std::string hint) {
  return {code,
          std::move(message),
          {.retryable = retryable, .backend = "mqtt", .native = {}, .hint = std::move(hint)}};
}

}  // namespace omnibus::mqtt
