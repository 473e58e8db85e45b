#include <gtest/gtest.h>

#include "backends/mqtt/packet.hpp"
#include "support/hex.hpp"

// Bytes put together by hand from chapter 3 of the specifications.

namespace omnibus::mqtt {
namespace {

using namespace std::string_view_literals;

struct Golden {
  Version version;
  std::string_view hex;
  Packet packet;
};

PacketProperties with(void (*fill)(PacketProperties&)) {
  PacketProperties properties;
  fill(properties);
  return properties;
}

const std::vector<Golden> of_connections = {
    {Version::v5, "10 17 0004 4d515454 05 02 003c 08 11 0000000a 21 0014 0002 6131",
     Connect{.client_id = "a1", .keep_alive = 60, .properties = with([](auto& p) {
                                                    p.session_expiry = 10;
                                                    p.receive_maximum = 20;
                                                  })}},
    {Version::v5,
     "10 26 0004 4d515454 05 ec 000a 00 0001 63 07 01 01 18 00000005 0003 612f62 0002 0001 0001 75 0002 ff00",
     Connect{.client_id = "c",
             .clean_start = false,
             .keep_alive = 10,
             .user = "u",
             .password = "\xff\x00"sv,
             .will = Will{.topic = "a/b",
                          .payload = "\x00\x01"sv,
                          .qos = 1,
                          .retain = true,
                          .properties = with([](auto& p) {
                            p.payload_is_text = true;
                            p.will_delay = 5;
                          })}}},
    {Version::v311, "10 0e 0004 4d515454 04 02 0000 0002 6131", Connect{.client_id = "a1"}},
    {Version::v311, "10 18 0004 4d515454 04 d4 0001 0001 63 0001 77 0000 0001 75 0001 70",
     Connect{.client_id = "c",
             .clean_start = false,
             .keep_alive = 1,
             .user = "u",
             .password = "p",
             .will = Will{.topic = "w", .payload = "", .qos = 2}}},
    {Version::v5, "20 03 01 00 00", Connack{.session_present = true}},
    {Version::v5, "20 08 00 87 05 1f 0002 6e6f",
     Connack{.reason = Reason::not_authorized, .properties = with([](auto& p) { p.reason_text = "no"; })}},
    {Version::v5, "20 13 00 00 10 13 000a 22 0005 24 01 25 00 28 01 29 01 2a 00",
     Connack{.properties = with([](auto& p) {
               p.server_keep_alive = 10;
               p.topic_alias_maximum = 5;
               p.maximum_qos = 1;
               p.retain_available = false;
               p.wildcards_available = true;
               p.subscription_ids_available = true;
               p.shared_available = false;
             })}},
    {Version::v311, "20 02 01 00", Connack{.session_present = true}},
    {Version::v311, "20 02 00 01", Connack{.reason = Reason::unsupported_version}},
    {Version::v311, "20 02 00 02", Connack{.reason = Reason::client_id_not_valid}},
    {Version::v311, "20 02 00 03", Connack{.reason = Reason::server_unavailable}},
    {Version::v311, "20 02 00 04", Connack{.reason = Reason::bad_user_or_password}},
    {Version::v311, "20 02 00 05", Connack{.reason = Reason::not_authorized}},
    {Version::v5, "c0 00", Ping{Type::pingreq}},
    {Version::v311, "d0 00", Ping{Type::pingresp}},
    {Version::v5, "e0 00", Disconnect{}},
    {Version::v311, "e0 00", Disconnect{}},
    {Version::v5, "e0 01 8b", Disconnect{.reason = Reason::server_shutting_down}},
    {Version::v5, "e0 08 9d 06 1c 0003 623a31",
     Disconnect{.reason = Reason::server_moved,
                .properties = with([](auto& p) { p.server_reference = "b:1"; })}},
    {Version::v5, "f0 00", Auth{}},
    {Version::v5, "f0 0b 18 09 15 0001 78 16 0002 00ff",
     Auth{.reason = Reason::continue_authentication, .properties = with([](auto& p) {
                                                       p.authentication_method = "x";
                                                       p.authentication_data = "\x00\xff"sv;
                                                     })}},
};

const std::vector<Golden> of_messages = {
    {Version::v5, "30 08 0003 612f62 00 6869", Publish{.topic = "a/b", .payload = "hi"}},
    {Version::v311, "30 07 0003 612f62 6869", Publish{.topic = "a/b", .payload = "hi"}},
    {Version::v5, "3b 19 0003 612f62 000a 0f 02 0000003c 23 0007 26 0001 6b 0001 76 6869",
     Publish{.topic = "a/b",
             .payload = "hi",
             .id = 10,
             .qos = 1,
             .retain = true,
             .again = true,
             .properties = with([](auto& p) {
               p.message_expiry = 60;
               p.topic_alias = 7;
               p.user = {{"k", "v"}};
             })}},
    {Version::v311, "34 09 0003 612f62 ffff 6869",
     Publish{.topic = "a/b", .payload = "hi", .id = 65'535, .qos = 2}},
    {Version::v5, "30 07 0000 03 23 0001 21",
     Publish{.payload = "!", .properties = with([](auto& p) { p.topic_alias = 1; })}},
    {Version::v5, "30 09 0001 61 05 0b 8001 0b 01", Publish{.topic = "a", .properties = with([](auto& p) {
                                                                            p.subscription_ids = {128, 1};
                                                                          })}},
    {Version::v5, "30 17 0001 61 0f 01 00 03 0001 74 08 0001 72 09 0002 00ff 70617921",
     Publish{.topic = "a", .payload = "pay!", .properties = with([](auto& p) {
                                                p.payload_is_text = false;
                                                p.content_type = "t";
                                                p.response_topic = "r";
                                                p.correlation_data = "\x00\xff"sv;
                                              })}},
    {Version::v5, "40 02 000a", Ack{.id = 10}},
    {Version::v311, "40 02 000a", Ack{.id = 10}},
    {Version::v5, "40 03 000a 10", Ack{.id = 10, .reason = Reason::no_matching_subscribers}},
    {Version::v5, "50 09 000a 80 05 1f 0002 6e6f",
     Ack{.type = Type::pubrec, .id = 10, .reason = Reason::unspecified, .properties = with([](auto& p) {
                                                                          p.reason_text = "no";
                                                                        })}},
    {Version::v311, "62 02 0100", Ack{.type = Type::pubrel, .id = 256}},
    {Version::v5, "62 03 0001 92", Ack{.type = Type::pubrel, .id = 1, .reason = Reason::packet_id_not_found}},
    {Version::v5, "70 02 0001", Ack{.type = Type::pubcomp, .id = 1}},
};

const std::vector<Golden> of_subscriptions = {
    {Version::v5, "82 0b 0002 02 0b 05 0003 612f23 2d",
     Subscribe{.id = 2,
               .filters = {{.filter = "a/#",
                            .qos = 1,
                            .no_local = true,
                            .retain_as_published = true,
                            .retain_handling = 2}},
               .properties = with([](auto& p) { p.subscription_ids = {5}; })}},
    {Version::v311, "82 0c 0002 0003 612f23 01 0001 62 02",
     Subscribe{.id = 2, .filters = {{.filter = "a/#", .qos = 1}, {.filter = "b", .qos = 2}}}},
    {Version::v5, "90 06 0002 00 01 87 02",
     Subscribed{.id = 2, .reasons = {Reason::granted_qos_1, Reason::not_authorized, Reason::granted_qos_2}}},
    {Version::v311, "90 05 0002 00 80 02",
     Subscribed{.id = 2, .reasons = {Reason::success, Reason::unspecified, Reason::granted_qos_2}}},
    {Version::v5, "a2 08 0003 00 0003 612f23", Unsubscribe{.id = 3, .filters = {"a/#"}}},
    {Version::v311, "a2 0a 0003 0003 612f23 0001 62", Unsubscribe{.id = 3, .filters = {"a/#", "b"}}},
    {Version::v5, "b0 05 0003 00 00 11",
     Subscribed{
         .type = Type::unsuback, .id = 3, .reasons = {Reason::success, Reason::no_subscription_existed}}},
    {Version::v311, "b0 02 0003", Subscribed{.type = Type::unsuback, .id = 3}},
};

Packet read(std::string_view hex, Version version) {
  // Views into it are compared while it lives.
  static std::string bytes;
  bytes = support::bytes(hex);
  const auto frame = first_frame(bytes, bytes.size());
  if (!frame || frame->size != bytes.size())
    throw std::invalid_argument("not one packet: " + std::string(hex));
  return parse(*frame, version);
}

void check(const std::vector<Golden>& all) {
  for (const auto& [version, hex, packet] : all) {
    EXPECT_EQ(read(hex, version), packet) << to_string(version) << ": " << hex;
    std::string out;
    write(out, version, packet);
    EXPECT_EQ(support::hex(out), support::hex(support::bytes(hex))) << to_string(version);
  }
}

TEST(Golden, ConnectionsAreReadAndWrittenAsSpecified) { check(of_connections); }
TEST(Golden, MessagesAreReadAndWrittenAsSpecified) { check(of_messages); }
TEST(Golden, SubscriptionsAreReadAndWrittenAsSpecified) { check(of_subscriptions); }

TEST(Golden, WhatMayBeLeftOutMayBeThere) {
  EXPECT_EQ(read("40 03 000a 00", Version::v5), Packet(Ack{.id = 10}));
  EXPECT_EQ(read("40 04 000a 00 00", Version::v5), Packet(Ack{.id = 10}));
  EXPECT_EQ(read("e0 01 00", Version::v5), Packet(Disconnect{}));
  EXPECT_EQ(read("e0 02 00 00", Version::v5), Packet(Disconnect{}));
}

TEST(Golden, PropertiesMayComeInAnyOrder) {
  const auto packet = std::get<Publish>(read("30 0c 0001 61 08 23 0007 02 0000003c", Version::v5));
  EXPECT_EQ(packet.properties.topic_alias, 7);
  EXPECT_EQ(packet.properties.message_expiry, 60u);
}

// A broker that knows no MQTT 5 refuses a CONNECT of it as its own version tells [MQTT-3.1.2-2].
TEST(Golden, ARefusalOf311IsUnderstoodByAClientOfMqtt5) {
  EXPECT_EQ(read("20 02 00 01", Version::v5), Packet(Connack{.reason = Reason::unsupported_version}));
  EXPECT_EQ(read("20 02 00 05", Version::v5), Packet(Connack{.reason = Reason::not_authorized}));
  EXPECT_THROW(read("20 02 00 00", Version::v5), ProtocolError) << "none of its own accepts so";
}

// MQTT 5 asks for the least bytes [MQTT-1.5.5-1], 3.1.1 does not.
TEST(Golden, ALengthMayHaveMoreBytesThanNeededIn311Only) {
  EXPECT_EQ(read("c0 80 00", Version::v311), Packet(Ping{}));
  EXPECT_EQ(read("c0 80 80 80 00", Version::v311), Packet(Ping{}));
  EXPECT_THROW(read("c0 80 00", Version::v5), ProtocolError);
}

// Brokers refuse messages for reasons that the tables of PUBACK and PUBREC do not have.
TEST(Golden, AnyKnownFailureIsTakenFromAPeer) {
  EXPECT_EQ(read("40 03 000a 95", Version::v5), Packet(Ack{.id = 10, .reason = Reason::packet_too_large}));
  EXPECT_EQ(read("e0 01 8c", Version::v5), Packet(Disconnect{.reason = Reason::bad_authentication_method}));
}

}  // namespace
}  // namespace omnibus::mqtt
