#include "backends/mqtt/reason.hpp"

#include <gtest/gtest.h>

namespace omnibus::mqtt {
namespace {

TEST(Reasons, MeanSomethingToACaller) {
  struct Case {
    Reason reason;
    ErrorCode code;
    bool retryable;
  };
  constexpr bool retry = true, final = false;
  for (const auto& [reason, code, retryable] : {
           Case{Reason::bad_user_or_password, ErrorCode::authentication, final},
           Case{Reason::bad_authentication_method, ErrorCode::authentication, final},
           Case{Reason::not_authorized, ErrorCode::forbidden, final},
           Case{Reason::banned, ErrorCode::forbidden, final},
           Case{Reason::session_taken_over, ErrorCode::conflict, final},
           Case{Reason::server_unavailable, ErrorCode::unavailable, retry},
           Case{Reason::server_busy, ErrorCode::unavailable, retry},
           Case{Reason::server_shutting_down, ErrorCode::unavailable, retry},
           Case{Reason::keep_alive_timeout, ErrorCode::unavailable, retry},
           Case{Reason::administrative_action, ErrorCode::unavailable, retry},
           Case{Reason::connection_rate_exceeded, ErrorCode::unavailable, retry},
           Case{Reason::maximum_connect_time, ErrorCode::unavailable, retry},
           Case{Reason::message_rate_too_high, ErrorCode::unavailable, retry},
           Case{Reason::quota_exceeded, ErrorCode::no_space, retry},
           Case{Reason::packet_too_large, ErrorCode::too_large, final},
           Case{Reason::use_another_server, ErrorCode::unavailable, retry},
           Case{Reason::server_moved, ErrorCode::unavailable, final},
           Case{Reason::unsupported_version, ErrorCode::unsupported, final},
           Case{Reason::retain_not_supported, ErrorCode::unsupported, final},
           Case{Reason::qos_not_supported, ErrorCode::unsupported, final},
           Case{Reason::shared_subscriptions_not_supported, ErrorCode::unsupported, final},
           Case{Reason::subscription_ids_not_supported, ErrorCode::unsupported, final},
           Case{Reason::wildcards_not_supported, ErrorCode::unsupported, final},
           Case{Reason::client_id_not_valid, ErrorCode::config, final},
           Case{Reason::topic_filter_invalid, ErrorCode::config, final},
           Case{Reason::topic_name_invalid, ErrorCode::config, final},
           Case{Reason::no_matching_subscribers, ErrorCode::no_subscription, final},
           Case{Reason::no_subscription_existed, ErrorCode::not_found, final},
           Case{Reason::unspecified, ErrorCode::protocol, final},
           Case{Reason::receive_maximum_exceeded, ErrorCode::protocol, final},
           Case{Reason::topic_alias_invalid, ErrorCode::protocol, final},
       }) {
    const auto error = error_of(reason, "the broker refused it");
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_EQ(error.retryable(), retryable) << error.what();
    EXPECT_EQ(error.backend(), "mqtt");
    EXPECT_EQ(error.native(), to_string(reason));
  }
}

TEST(Reasons, AreToldWithTheBrokersOwnText) {
  const auto bare = error_of(Reason::quota_exceeded, "cannot send");
  EXPECT_EQ(bare.message(), "cannot send: Quota exceeded");
  EXPECT_FALSE(bare.hint().empty());
  const auto detailed = error_of(Reason::quota_exceeded, "cannot send", "tenant tg has 5 GB");
  EXPECT_EQ(detailed.message(), "cannot send: Quota exceeded: tenant tg has 5 GB");
}

TEST(Reasons, NameTheServerToUseInstead) {
  const auto moved = error_of(Reason::server_moved, "the broker closed the connection", "other:1883");
  EXPECT_EQ(moved.message(), "the broker closed the connection: Server moved");
  EXPECT_EQ(moved.hint(), "connect to other:1883 instead");
  EXPECT_EQ(error_of(Reason::use_another_server, "closed").hint(),
            "the broker does not name the server to use instead");
}

TEST(Reasons, HaveTheNamesOfTheSpecification) {
  EXPECT_EQ(to_string(Reason::session_taken_over), "Session taken over");
  EXPECT_EQ(to_string(Reason::qos_not_supported), "QoS not supported");
  for (int code = 0x80; code <= 0xa2; ++code) {
    EXPECT_NE(to_string(static_cast<Reason>(code)), "Unknown reason") << code;
    EXPECT_TRUE(is_failure(static_cast<Reason>(code)));
  }
  EXPECT_EQ(to_string(static_cast<Reason>(0xa3)), "Unknown reason");
  EXPECT_EQ(error_of(static_cast<Reason>(0xa3), "cannot send").code(), ErrorCode::protocol);
}

}  // namespace
}  // namespace omnibus::mqtt
