#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/mqtt/tests/peer.hpp"
#include "backends/mqtt/tests/plain_client.hpp"

// What the peer refuses, limits and notes.

namespace omnibus::mqtt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto from_client = Direction::from_client;
constexpr auto to_client = Direction::to_client;

TEST(PeerLimits, KeepsToTheReceiveMaximumOfAClient) {
  Peer peer;
  PlainClient reader(peer);
  auto connect = lasting("reader");
  connect.properties.receive_maximum = 2;
  reader.send(connect).expect(Type::connack);
  subscribe(reader, "a");
  for (int i = 0; i < 3; ++i) peer.publish({.topic = "a", .id = 1, .qos = 1});
  EXPECT_EQ(peer.count("reader", to_client, Type::publish), 2u);
  reader.expect(Type::publish);
  reader.send(ack(Type::puback, 1));
  EXPECT_TRUE(peer.wait_for("reader", to_client, Type::publish, 3));
}

TEST(PeerLimits, DropsWhatIsTooLargeForAClient) {
  Peer peer;
  PlainClient reader(peer);
  auto connect = lasting("reader");
  connect.properties.maximum_packet_size = 30;
  reader.send(connect).expect(Type::connack);
  subscribe(reader, "a");
  const std::string large(30, 'x');
  peer.publish({.topic = "a", .payload = large, .id = 1, .qos = 1});
  peer.publish({.topic = "a", .payload = "small", .id = 1, .qos = 1});
  EXPECT_EQ(payload(reader.expect(Type::publish)), "small");
}

TEST(PeerLimits, NotesAcknowledgementsOutOfOrder) {
  Peer peer;
  Member reader(peer, "reader");
  subscribe(reader, "a");
  for (int i = 0; i < 2; ++i) peer.publish({.topic = "a", .id = 1, .qos = 1});
  reader.send(ack(Type::puback, 2)).send(ack(Type::puback, 1)).send(ack(Type::puback, 1));
  reader.send(Ping{});
  EXPECT_TRUE(peer.wait_for("reader", from_client, Type::pingreq));
  EXPECT_THAT(peer.violations(), ElementsAre(HasSubstr("reader: PUBACK 2 before that of 1, which came first"),
                                             HasSubstr("PUBACK 1 for a message that does not await it")));
}

TEST(PeerLimits, NotesIdentifiersThatAreInUse) {
  Peer peer;
  Member writer(peer, "writer");
  peer.hold(Type::puback);
  writer.send(Publish{.topic = "a", .id = 1, .qos = 1}).send(Publish{.topic = "a", .id = 1, .qos = 1});
  writer.send(Subscribe{.id = 1, .filters = {{.filter = "b"}}}).expect(Type::suback);
  EXPECT_THAT(peer.violations(), ElementsAre(HasSubstr("PUBLISH 1 has an identifier that is in use"),
                                             HasSubstr("SUBSCRIBE 1 has an identifier that is in use")));
  peer.let_go(Type::puback);
  writer.expect(Type::puback);
}

TEST(PeerLimits, NotesMessagesSentAgainInANewSession) {
  Peer peer;
  Member writer(peer, "writer");
  writer.send(Publish{.topic = "a", .id = 1, .qos = 1, .again = true}).expect(Type::puback);
  EXPECT_THAT(peer.violations(), ElementsAre(HasSubstr("MQTT-4.4.0-1")));
}

TEST(PeerLimits, KeepsClientsToWhatItsConnackTells) {
  Peer peer;
  peer.on_connect([](const Connect&) {
    Connack answer;
    answer.properties.receive_maximum = 1;
    answer.properties.maximum_packet_size = 40;
    answer.properties.maximum_qos = 1;
    answer.properties.topic_alias_maximum = 1;
    answer.properties.server_keep_alive = 60;
    answer.properties.retain_available = false;
    return answer;
  });
  const auto reason_after = [&](const std::vector<Publish>& messages) {
    PlainClient client(peer);
    EXPECT_EQ(client.send(lasting("client")).expect(Type::connack).properties.server_keep_alive, 60);
    for (const auto& message : messages) client.send(message);
    const auto reason = client.expect(Type::disconnect).reason;
    EXPECT_TRUE(client.is_ended());
    return reason;
  };
  peer.hold(Type::puback);
  EXPECT_EQ(reason_after({{.topic = "a", .id = 1, .qos = 1}, {.topic = "a", .id = 2, .qos = 1}}),
            Reason::receive_maximum_exceeded);
  const std::string large(40, 'x');
  EXPECT_EQ(reason_after({{.topic = "a", .payload = large}}), Reason::packet_too_large);
  EXPECT_EQ(reason_after({{.topic = "a", .id = 1, .qos = 2}}), Reason::qos_not_supported);
  EXPECT_EQ(reason_after({{.topic = "a", .retain = true}}), Reason::retain_not_supported);
  Publish aliased{.topic = "a"};
  aliased.properties.topic_alias = 2;
  EXPECT_EQ(reason_after({aliased}), Reason::topic_alias_invalid);
  EXPECT_EQ(peer.violations().size(), 5u);
}

TEST(PeerLimits, RefusesAsItIsTold) {
  Peer peer;
  peer.on_connect([](const Connect& connect) {
    Connack answer{.reason = connect.user == "good" ? Reason::success : Reason::bad_user_or_password};
    if (is_failure(answer.reason)) answer.properties.reason_text = "who is that";
    return answer;
  });
  PlainClient bad(peer);
  const auto refusal = bad.send(Connect{.client_id = "client"}).expect(Type::connack);
  EXPECT_EQ(refusal.reason, Reason::bad_user_or_password);
  EXPECT_EQ(refusal.properties.reason_text, "who is that");
  EXPECT_TRUE(bad.is_ended());

  peer.on_publish([](const Publish& publish) {
    return publish.topic == "full" ? Reason::quota_exceeded : Reason::success;
  });
  peer.on_subscribe([](const Subscribe::Filter&) { return Reason::not_authorized; });
  PlainClient good(peer);
  good.send(Connect{.client_id = "client", .user = "good"}).expect(Type::connack);
  EXPECT_EQ(good.send(Publish{.topic = "full", .id = 1, .qos = 1}).expect(Type::puback).reason,
            Reason::quota_exceeded);
  EXPECT_EQ(good.send(Publish{.topic = "full", .id = 1, .qos = 2}).expect(Type::pubrec).reason,
            Reason::quota_exceeded);
  EXPECT_EQ(subscribe(good, "a").reason, Reason::not_authorized);
  EXPECT_THAT(peer.subscriptions("client"), IsEmpty());
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(PeerLimits, Of311OnlyRefusesMqtt5InItsOwnWords) {
  Peer peer;
  peer.know_only_311();
  PlainClient newer(peer);
  EXPECT_EQ(newer.send(Connect{.client_id = "client"}).expect(Type::connack).reason,
            Reason::unsupported_version);
  EXPECT_TRUE(newer.is_ended());
  Member older(peer, "client", Version::v311);
  EXPECT_TRUE(peer.is_connected("client"));
}

TEST(PeerLimits, EndsConnectionsThatAreNoMqtt) {
  Peer peer;
  PlainClient client(peer);
  client.send_bytes("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(client.is_ended());
  PlainClient eager(peer);
  EXPECT_TRUE(eager.send(Ping{}).is_ended());
  EXPECT_THAT(peer.violations(),
              ElementsAre(HasSubstr("malformed PUBACK"), HasSubstr("the first packet is a CONNECT")));
}

TEST(PeerLimits, EndsConnectionsThatKeepSilent) {
  Peer peer;
  PlainClient client(peer);
  client.send(Connect{.client_id = "client", .keep_alive = 1}).expect(Type::connack);
  EXPECT_EQ(client.expect(Type::disconnect).reason, Reason::keep_alive_timeout);
  EXPECT_THAT(peer.violations(), ElementsAre(HasSubstr("keep alive")));
}

}  // namespace
}  // namespace omnibus::mqtt
