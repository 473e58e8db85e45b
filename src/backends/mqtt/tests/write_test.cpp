#include <gtest/gtest.h>

#include "backends/mqtt/tests/samples.hpp"

namespace omnibus::mqtt {
namespace {

using namespace std::string_view_literals;

const std::string over_long(65'536, 'x');

/// The error of writing it, after which nothing has been appended.
Error refusal(const Packet& packet, Version version = Version::v5) {
  std::string out = "before";
  try {
    write(out, version, packet);
  } catch (const Error& error) {
    EXPECT_EQ(out, "before") << error.what();
    EXPECT_EQ(error.backend(), "mqtt");
    return error;
  }
  ADD_FAILURE() << "was written";
  return Error(ErrorCode::closed, "was written");
}

PacketProperties with(void (*fill)(PacketProperties&)) {
  PacketProperties properties;
  fill(properties);
  return properties;
}

TEST(Writing, WhatDoesNotFitIsTooLarge) {
  const Packet long_ones[] = {
      Publish{.topic = over_long},
      Publish{.topic = "t", .properties = with([](auto& p) { p.content_type = over_long; })},
      Publish{.topic = "t", .properties = with([](auto& p) { p.response_topic = over_long; })},
      Publish{.topic = "t", .properties = with([](auto& p) { p.correlation_data = over_long; })},
      Publish{.topic = "t", .properties = with([](auto& p) {
                              p.user = {{"key", over_long}};
                            })},
      Connect{.client_id = over_long},
      Connect{.client_id = "c", .user = over_long},
      Connect{.client_id = "c", .user = "u", .password = over_long},
      Connect{.client_id = "c", .will = Will{.topic = "w", .payload = over_long}},
      Subscribe{.id = 1, .filters = {{.filter = over_long}}},
      Unsubscribe{.id = 1, .filters = {over_long}},
  };
  for (const Packet& packet : long_ones) {
    const auto error = refusal(packet);
    EXPECT_EQ(error.code(), ErrorCode::too_large) << error.what();
    EXPECT_NE(error.message().find("has 65536 bytes, MQTT allows 65535"), std::string::npos) << error.what();
  }
}

TEST(Writing, APacketOver256MiBIsTooLarge) {
  const std::string payload(268'435'455 - 3, 'p');
  const Publish fits{.topic = "", .payload = payload, .properties = with([](auto& p) { p.topic_alias = 1; })};
  EXPECT_EQ(refusal(fits).code(), ErrorCode::too_large) << "three bytes too many";
  const Publish largest{.topic = "t", .payload = payload};
  EXPECT_EQ(size_of(Version::v311, largest), 268'435'460u);
  EXPECT_THROW(size_of(Version::v5, largest), Error);
}

TEST(Writing, WhatNoPacketMayHoldIsADefect) {
  const Packet defects[] = {
      Publish{.topic = ""},
      Publish{.topic = "a/#"},
      Publish{.topic = "a\0b"sv},
      Publish{.topic = "\xff"},
      Publish{.topic = "a", .qos = 1},
      Publish{.topic = "a", .id = 1},
      Publish{.topic = "a", .id = 1, .qos = 3},
      Publish{.topic = "a", .again = true},
      Publish{.topic = "a", .properties = with([](auto& p) { p.topic_alias = 0; })},
      Publish{.topic = "a", .properties = with([](auto& p) { p.response_topic = "+"; })},
      Publish{.topic = "a", .properties = with([](auto& p) { p.content_type = "\0"sv; })},
      Publish{.topic = "a", .properties = with([](auto& p) { p.subscription_ids = {0}; })},
      Publish{.topic = "a", .properties = with([](auto& p) { p.subscription_ids = {268'435'456}; })},
      Publish{.topic = "a", .properties = with([](auto& p) {
                              p.user = {{"\xc0", ""}};
                            })},
      Publish{.topic = "a", .properties = with([](auto& p) { p.maximum_qos = 1; })},
      Connack{.properties = with([](auto& p) { p.maximum_qos = 2; })},
      Connack{.session_present = true, .reason = Reason::banned},
      Connack{.reason = Reason::granted_qos_1},
      Connect{.client_id = "\0"sv},
      Connect{.will = Will{.topic = "w", .qos = 3}},
      Connect{.will = Will{.topic = ""}},
      Connect{.properties = with([](auto& p) { p.receive_maximum = 0; })},
      Connect{.properties = with([](auto& p) { p.authentication_data = "data"; })},
      Ack{},
      Ack{.id = 1, .reason = Reason::granted_qos_2},
      Ack{.type = Type::publish, .id = 1},
      Subscribe{.id = 0, .filters = {{.filter = "a"}}},
      Subscribe{.id = 1},
      Subscribe{.id = 1, .filters = {{.filter = ""}}},
      Subscribe{.id = 1, .filters = {{.filter = "a", .qos = 3}}},
      Subscribe{.id = 1, .filters = {{.filter = "a", .retain_handling = 3}}},
      Subscribe{.id = 1, .filters = {{.filter = "$share/g/a", .no_local = true}}},
      Subscribe{.id = 1, .filters = {{.filter = "a"}}, .properties = with([](auto& p) {
                                                         p.subscription_ids = {1, 2};
                                                       })},
      Unsubscribe{.id = 1},
      Unsubscribe{.id = 1, .filters = {""}},
      Subscribed{.id = 1},
      Subscribed{.type = Type::puback, .id = 1, .reasons = {Reason::success}},
      Subscribed{.type = Type::unsuback, .id = 1, .reasons = {Reason::granted_qos_1}},
      Ping{Type::auth},
      Disconnect{.reason = Reason::continue_authentication},
      Auth{.reason = Reason::reauthenticate},
  };
  for (std::size_t i = 0; i < std::size(defects); ++i) {
    const auto error = refusal(defects[i]);
    EXPECT_EQ(error.code(), ErrorCode::internal) << i << ": " << error.what();
    EXPECT_TRUE(error.message().starts_with("cannot write a ")) << error.what();
  }
}

TEST(Writing, WhatOnlyMqtt5CanTellIsNotWrittenIn311) {
  EXPECT_EQ(refusal(Connect{.client_id = "c", .password = "p"}, Version::v311).code(), ErrorCode::internal);
  EXPECT_EQ(refusal(Auth{}, Version::v311).code(), ErrorCode::internal);
  // What is a failure must not become a success.
  for (const Type type : {Type::puback, Type::pubrec}) {
    EXPECT_EQ(refusal(Ack{.type = type, .id = 1, .reason = Reason::quota_exceeded}, Version::v311).code(),
              ErrorCode::internal);
  }
  for (const Reason reason : {Reason::disconnect_with_will, Reason::malformed_packet}) {
    EXPECT_EQ(refusal(Disconnect{.reason = reason}, Version::v311).code(), ErrorCode::internal);
  }
}

TEST(Writing, PropertiesAreLeftOutIn311) {
  for (const Packet& packet :
       {Packet(full_connack()), Packet(Publish{.topic = "a", .properties = message_properties()}),
        Packet(Ack{.id = 1, .properties = with([](auto& p) { p.reason_text = "told"; })})}) {
    std::string with_them, without;
    write(with_them, Version::v311, packet);
    Packet bare = packet;
    std::visit(
        [](auto& each) {
          if constexpr (requires { each.properties; }) each.properties = {};
        },
        bare);
    write(without, Version::v311, bare);
    EXPECT_EQ(with_them, without);
  }
}

TEST(Writing, RefusalsOfMqtt5AreTheNearestReturnCodeIn311) {
  const auto code = [](Reason reason) {
    std::string out;
    write(out, Version::v311, Connack{.reason = reason});
    return static_cast<int>(out.at(3));
  };
  EXPECT_EQ(code(Reason::success), 0);
  EXPECT_EQ(code(Reason::server_busy), 3);
  EXPECT_EQ(code(Reason::bad_authentication_method), 4);
  EXPECT_EQ(code(Reason::banned), 5);
}

}  // namespace
}  // namespace omnibus::mqtt
