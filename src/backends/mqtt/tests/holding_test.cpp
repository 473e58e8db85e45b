/// Who holds a subscription, and what is handed over.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/mqtt/tests/inbox.hpp"
#include "backends/mqtt/topic.hpp"

namespace omnibus::mqtt {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const QueueName queue = QueueName::parse("q1/tg/flow/orders");
const SubscriptionNames names(queue, "readers", "omnibus-");

void publish(Peer& peer, std::string_view payload) {
  peer.publish({.topic = "tg/flow/orders", .payload = payload, .id = 1, .qos = 1});
}

TEST(Holding, AnotherProcessIsRefusedUntilTheHolderIsGone) {
  Peer peer;
  const auto first = open_at(peer), second = open_at(peer);
  auto held = std::make_unique<Inbox>(*first, queue, ConsumerOptions{.sharing = Sharing::exclusive});
  const auto refused =
      error_from([&] { Inbox inbox(*second, queue, ConsumerOptions{.sharing = Sharing::exclusive}); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), ErrorCode::conflict) << refused->what();
  held->close();
  Inbox inbox(*second, queue, ConsumerOptions{.sharing = Sharing::exclusive});
  publish(peer, "1");
  EXPECT_EQ(inbox.await(1).front().body.bytes(), "1");
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(Holding, WhoWasTakenOverEndsAndDoesNotComeBack) {
  Peer peer;
  auto bus = connect_to(peer);
  auto consumer = bus.create_consumer<Raw>(queue, "readers", {.sharing = Sharing::exclusive});
  const auto connects = peer.count(names.home(), from_client, Type::connect);
  PlainClient thief(peer);
  thief.send(lasting(names.home())).expect(Type::connack);
  const auto error = error_from([&] { consumer.receive(patience); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::conflict) << error->what();
  EXPECT_FALSE(error->retryable());
  EXPECT_EQ(peer.count(names.home(), from_client, Type::connect), connects + 1) << "only the thief's";
}

TEST(Holding, AStandByTakesOverWhatTheHolderHad) {
  Peer peer;
  const auto first = open_at(peer), second = open_at(peer);
  auto active = std::make_unique<Inbox>(*first, queue, ConsumerOptions{.sharing = Sharing::failover});
  Inbox standby(*second, queue, ConsumerOptions{.sharing = Sharing::failover});
  publish(peer, "1");
  active->await(1);
  peer.cut(names.home());
  EXPECT_EQ(standby.await(1).front().body.bytes(), "1");
}

TEST(Holding, TwoProcessesShareAndTheHeirTakesTheRest) {
  Peer peer;
  const auto first = open_at(peer);
  NoHost host;
  auto other = config_of(peer.address());
  other.instance = "other";
  const auto second = open(other, host);
  auto one = std::make_unique<Inbox>(*first, queue);
  Inbox two(*second, queue);
  for (const auto* payload : {"1", "2", "3", "4"}) publish(peer, payload);
  one->await(2);
  two.await(2);
  one->close();
  EXPECT_EQ(two.await(4).size(), 4u);
  EXPECT_THAT(peer.violations(), IsEmpty());
}

/// Only the retry topic tells when a message is due.
TEST(Holding, AStrangersPropertiesDelayNothing) {
  Peer peer;
  const auto backend = open_at(peer);
  Inbox inbox(*backend, queue);
  Publish forged{.topic = "tg/flow/orders", .payload = "1", .id = 1, .qos = 1};
  forged.properties.user = {{"omnibus-attempt", "7"}, {"omnibus-due", "99999999999999"}};
  peer.publish(forged);
  const auto delivery = inbox.await(1).front();
  EXPECT_EQ(delivery.attempt, 1u);
  EXPECT_TRUE(delivery.properties.contains("omnibus-due"));
}

TEST(Holding, TheOlderVersionCarriesPropertiesInAnEnvelopeOrNotAtAll) {
  Peer peer;
  Stored stored(peer, "tg/flow/orders");
  {
    auto bus = connect_to(peer, "?version=3.1.1");
    auto producer = bus.create_producer<Raw>(queue);
    const auto error = error_from([&] { producer.send({"1"}, {.properties = {{"colour", "blue"}}}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::unsupported) << error->what();
    EXPECT_THAT(error->what(), HasSubstr("properties=envelope"));
  }
  auto bus = connect_to(peer, "?version=3.1.1&properties=envelope");
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  auto producer = bus.create_producer<Raw>(queue);
  producer.send({"2"}, {.properties = {{"colour", "blue"}}, .key = "k"});
  const auto message = consumer.poll(patience);
  ASSERT_TRUE(message);
  EXPECT_EQ((*message)->bytes, "2");
  EXPECT_EQ(message->properties().value_or("colour", ""), "blue");
  EXPECT_EQ(message->key(), "k");
}

}  // namespace
}  // namespace omnibus::mqtt
