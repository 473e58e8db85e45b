#include "backends/mqtt/tests/peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/mqtt/tests/plain_client.hpp"

// The peer by itself: what it does to a client that the codec alone makes.

namespace omnibus::mqtt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto from_client = Direction::from_client;
constexpr auto to_client = Direction::to_client;

TEST(Peer, CarriesMessagesOfEveryQosInBothVersions) {
  for (const Version version : {Version::v311, Version::v5}) {
    Peer peer;
    Member reader(peer, "reader", version), writer(peer, "writer", version);
    EXPECT_FALSE(reader.session_present);
    EXPECT_EQ(subscribe(reader, "tg/+/queue").reason, Reason::granted_qos_2);

    writer.send(Publish{.topic = "tg/flow/queue", .payload = "zero"});
    EXPECT_EQ(payload(reader.expect(Type::publish)), "zero");

    writer.send(Publish{.topic = "tg/flow/queue", .payload = "one", .id = 7, .qos = 1});
    EXPECT_EQ(writer.expect(Type::puback).id, 7);
    const auto one = reader.expect(Type::publish);
    EXPECT_EQ(payload(one), "one");
    EXPECT_EQ(one.qos, 1);
    reader.send(ack(Type::puback, one.id));

    writer.send(Publish{.topic = "tg/flow/queue", .payload = "two", .id = 7, .qos = 2});
    EXPECT_EQ(writer.expect(Type::pubrec).id, 7);
    EXPECT_EQ(writer.send(ack(Type::pubrel, 7)).expect(Type::pubcomp).id, 7);
    const auto two = reader.expect(Type::publish);
    EXPECT_EQ(two.qos, 2);
    EXPECT_EQ(reader.send(ack(Type::pubrec, two.id)).expect(Type::pubrel).id, two.id);
    reader.send(ack(Type::pubcomp, two.id));

    EXPECT_TRUE(peer.wait_for("reader", from_client, Type::pubcomp));
    EXPECT_THAT(peer.subscriptions("reader"), ElementsAre("tg/+/queue"));
    reader.send(Unsubscribe{.id = 1, .filters = {"tg/+/queue"}}).expect(Type::unsuback);
    EXPECT_THAT(peer.subscriptions("reader"), IsEmpty());
    EXPECT_EQ(reader.send(Ping{}).expect(Type::pingresp).type, Type::pingresp);
    EXPECT_THAT(peer.violations(), IsEmpty());
  }
}

TEST(Peer, TellsThatNobodyReceives) {
  Peer peer;
  Member writer(peer, "writer");
  writer.send(Publish{.topic = "nobody", .id = 1, .qos = 1});
  EXPECT_EQ(writer.expect(Type::puback).reason, Reason::no_matching_subscribers);
}

TEST(Peer, ForwardsPropertiesAndSubscriptionIds) {
  Peer peer;
  Member reader(peer, "reader"), writer(peer, "writer");
  Subscribe wanted{.id = 1, .filters = {{.filter = "a", .qos = 1}}};
  wanted.properties.subscription_ids = {300};
  reader.send(wanted).expect(Type::suback);
  Publish message{.topic = "a", .payload = "text"};
  message.properties.content_type = "text/plain";
  message.properties.correlation_data = "7";
  message.properties.user = {{"key", "value"}};
  writer.send(message);
  const auto got = reader.expect(Type::publish);
  EXPECT_EQ(got.properties.content_type, "text/plain");
  EXPECT_EQ(got.properties.correlation_data, "7");
  EXPECT_EQ(got.properties.user, message.properties.user);
  EXPECT_THAT(got.properties.subscription_ids, ElementsAre(300u));
}

TEST(Peer, SendsWhatIsNotAcknowledgedAgainWhenASessionIsResumed) {
  Peer peer;
  {
    Member reader(peer, "reader");
    subscribe(reader, "a");
    for (const auto qos : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{2}}) {
      peer.publish({.topic = "a", .payload = "of before", .id = 1, .qos = qos});
      EXPECT_FALSE(reader.expect(Type::publish).again);
    }
    // The second one's PUBREL is lost.
    peer.drop_before(to_client, Type::pubrel);
    reader.send(ack(Type::pubrec, 2));
    EXPECT_TRUE(reader.is_ended());
  }
  peer.publish({.topic = "a", .payload = "meanwhile", .id = 1, .qos = 1});
  Member reader(peer, "reader");
  EXPECT_TRUE(reader.session_present);
  const auto first = reader.expect(Type::publish);
  EXPECT_TRUE(first.again);
  EXPECT_EQ(first.id, 1);
  EXPECT_EQ(reader.expect(Type::pubrel).id, 2);
  const auto third = reader.expect(Type::publish);
  EXPECT_TRUE(third.again);
  EXPECT_EQ(third.id, 3);
  const auto last = reader.expect(Type::publish);
  EXPECT_FALSE(last.again);
  EXPECT_EQ(payload(last), "meanwhile");
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(Peer, ForgetsASessionThatIsNotToLast) {
  Peer peer;
  PlainClient reader(peer);
  reader.send(Connect{.client_id = "reader"}).expect(Type::connack);
  subscribe(reader, "a");
  peer.cut("reader");
  EXPECT_TRUE(reader.is_ended());
  EXPECT_FALSE(peer.has_session("reader"));
  Member lasting_one(peer, "lasting");
  peer.forget("lasting");
  EXPECT_TRUE(lasting_one.is_ended());
  EXPECT_FALSE(Member(peer, "lasting").session_present);
}

TEST(Peer, RoutesAMessageOfQos2OnceWhenItIsSentAgain) {
  Peer peer;
  Member reader(peer, "reader");
  subscribe(reader, "a");
  Publish message{.topic = "a", .payload = "once", .id = 9, .qos = 2};
  {
    Member writer(peer, "writer");
    peer.drop_before(to_client, Type::pubrec);
    writer.send(message);
    EXPECT_TRUE(writer.is_ended());
  }
  Member writer(peer, "writer");
  EXPECT_TRUE(writer.session_present);
  message.again = true;
  writer.send(message).expect(Type::pubrec);
  // The PUBCOMP is lost, so PUBREL comes again.
  peer.drop_before(to_client, Type::pubcomp);
  writer.send(ack(Type::pubrel, 9));
  EXPECT_TRUE(writer.is_ended());
  Member once_more(peer, "writer");
  EXPECT_EQ(once_more.send(ack(Type::pubrel, 9)).expect(Type::pubcomp).reason, Reason::packet_id_not_found);
  EXPECT_EQ(peer.count("reader", to_client, Type::publish), 1u);
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(Peer, DropsBeforeTheNthPacketOfAClient) {
  Peer peer;
  Member writer(peer, "writer");
  peer.drop_before(from_client, Type::publish, 2);
  writer.send(Publish{.topic = "a", .id = 1, .qos = 1});
  writer.send(Publish{.topic = "a", .id = 2, .qos = 1});
  EXPECT_EQ(writer.expect(Type::puback).id, 1) << "what was sent before still arrives";
  EXPECT_TRUE(writer.is_ended());
  EXPECT_EQ(peer.count("writer", from_client, Type::publish), 1u);
}

TEST(Peer, KeepsRetainedMessages) {
  Peer peer;
  Member writer(peer, "writer");
  writer.send(Publish{.topic = "a/b", .payload = "kept", .id = 1, .qos = 1, .retain = true})
      .expect(Type::puback);
  Member reader(peer, "reader");
  subscribe(reader, "a/#", 0);
  const auto kept = reader.expect(Type::publish);
  EXPECT_EQ(payload(kept), "kept");
  EXPECT_TRUE(std::get<Publish>(kept.packet).retain);
  writer.send(Publish{.topic = "a/b", .id = 1, .qos = 1, .retain = true}).expect(Type::puback);
  reader.expect(Type::publish);
  Member late(peer, "late");
  subscribe(late, "a/#", 0);
  EXPECT_EQ(late.send(Ping{}).expect(Type::pingresp).type, Type::pingresp) << "nothing is kept any more";
}

TEST(Peer, PublishesTheWillOfAClientThatIsLostOnly) {
  Peer peer;
  Member reader(peer, "reader");
  subscribe(reader, "wills/+");
  for (const std::string id : {"polite", "lost"}) {
    const std::string topic = "wills/" + id;
    PlainClient client(peer);
    client.send(Connect{.client_id = id, .will = Will{.topic = topic, .payload = "gone"}})
        .expect(Type::connack);
    if (id == "polite") {
      EXPECT_TRUE(client.send(Disconnect{}).is_ended());
    }
  }
  EXPECT_EQ(reader.expect(Type::publish).topic, "wills/lost");
}

TEST(Peer, ServesTheMembersOfAShareInTurns) {
  Peer peer;
  Member one(peer, "one"), two(peer, "two"), other(peer, "other");
  subscribe(one, "$share/group/a", 0);
  subscribe(two, "$share/group/a", 0);
  subscribe(other, "$share/others/a", 0);
  for (int i = 0; i < 4; ++i) peer.publish({.topic = "a"});
  EXPECT_EQ(peer.count("one", to_client, Type::publish), 2u);
  EXPECT_EQ(peer.count("two", to_client, Type::publish), 2u);
  EXPECT_EQ(peer.count("other", to_client, Type::publish), 4u);
  peer.cut("one");
  for (int i = 0; i < 2; ++i) peer.publish({.topic = "a"});
  EXPECT_EQ(peer.count("two", to_client, Type::publish), 4u) << "who is there gets all";
}

TEST(Peer, AssignsClientIds) {
  Peer peer;
  PlainClient client(peer);
  const auto answer = client.send(Connect{}).expect(Type::connack);
  ASSERT_TRUE(answer.properties.assigned_client_id);
  EXPECT_TRUE(peer.is_connected(std::string(*answer.properties.assigned_client_id)));
}

TEST(Peer, DisconnectsWithAReason) {
  Peer peer;
  Member client(peer, "client");
  PacketProperties properties;
  properties.server_reference = "other:1883";
  peer.send_disconnect("client", Reason::use_another_server, properties);
  const auto told = client.expect(Type::disconnect);
  EXPECT_EQ(told.reason, Reason::use_another_server);
  EXPECT_EQ(told.properties.server_reference, "other:1883");
  EXPECT_TRUE(client.is_ended());

  Member first(peer, "client");
  const Member second(peer, "client");
  EXPECT_TRUE(second.session_present);
  EXPECT_EQ(first.expect(Type::disconnect).reason, Reason::session_taken_over);
  EXPECT_TRUE(first.is_ended());
}

TEST(Peer, IsGoneWhileItRefuses) {
  Peer peer;
  Member client(peer, "client");
  peer.refuse();
  EXPECT_TRUE(client.is_ended());
  EXPECT_THROW(PlainClient{peer}, boost::system::system_error);
  peer.accept();
  EXPECT_TRUE(Member(peer, "client").session_present);
}

}  // namespace
}  // namespace omnibus::mqtt
