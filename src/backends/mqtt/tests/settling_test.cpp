/// When the broker hears of acknowledgements, and where what is given back goes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/mqtt/tests/inbox.hpp"
#include "backends/mqtt/topic.hpp"

namespace omnibus::mqtt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const QueueName queue = QueueName::parse("q1/tg/flow/orders");

struct Settling : testing::Test {
  void publish(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) {
      const auto text = std::to_string(i);
      peer.publish({.topic = "tg/flow/orders", .payload = text, .id = 1, .qos = 1});
    }
  }
  std::vector<std::uint16_t> answered() const { return ids_of(peer.log(), names.home(), Type::puback); }

  const SubscriptionNames names{queue, "readers", "omnibus-"};
  Peer peer;
  std::unique_ptr<driver::Backend> backend = open_at(peer);
};

TEST_F(Settling, TheBrokerHearsInTheOrderOfReceipt) {
  Inbox inbox(*backend, queue);
  publish(1, 3);
  const auto deliveries = inbox.await(3);
  inbox.acknowledge(deliveries[2]);
  inbox.acknowledge(deliveries[1]);
  EXPECT_THAT(answered(), IsEmpty());
  inbox.acknowledge(deliveries[0]);
  EXPECT_TRUE(peer.wait_for(names.home(), from_client, Type::puback, 3));
  EXPECT_THAT(answered(), ElementsAre(1, 2, 3));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST_F(Settling, AnAcknowledgementTwiceIsTheSameAsOnce) {
  Inbox inbox(*backend, queue);
  publish(1, 2);
  const auto deliveries = inbox.await(2);
  for (const auto& each : {deliveries[0], deliveries[0], deliveries[1], deliveries[0]})
    inbox.acknowledge(each);
  EXPECT_TRUE(peer.wait_for(names.home(), from_client, Type::puback, 2));
  inbox.close();
  EXPECT_THAT(answered(), ElementsAre(1, 2));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST_F(Settling, TheWindowsOfAllConsumersAreTheReceiveMaximum) {
  Inbox first(*backend, queue, {.window = 2});
  publish(1, 5);
  first.await(2);
  EXPECT_EQ(peer.count(names.home(), to_client, Type::publish), 2u);
  Inbox second(*backend, queue, {.window = 2});
  EXPECT_THAT(texts(second.await(2)), UnorderedElementsAre("3", "4"));
  std::vector<std::uint16_t> windows;
  for (const auto& each : peer.log()) {
    if (each.type == Type::connect && each.client == names.home())
      windows.push_back(each.properties.receive_maximum.value_or(0));
  }
  EXPECT_THAT(windows, ElementsAre(2, 4));
  EXPECT_THAT(texts(first.await(2)), ElementsAre("1", "2"));
  for (const auto& each : first.await(2)) first.acknowledge(each);
  EXPECT_TRUE(peer.wait_for(names.home(), from_client, Type::puback, 2));
  for (const auto& each : second.await(2)) second.acknowledge(each);
  EXPECT_TRUE(peer.wait_for(names.home(), from_client, Type::puback, 4));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

/// The copy is confirmed before the message is answered, and says which attempt it is.
TEST_F(Settling, GivenBackItIsCopiedThenAnsweredAndComesAgain) {
  Inbox inbox(*backend, queue);
  Publish first{.topic = "tg/flow/orders", .payload = "one", .id = 1, .qos = 1};
  first.properties.user = {{"colour", "red"}, {"omnibus-key", "k"}};
  peer.publish(first);
  publish(2, 2);
  const auto deliveries = inbox.await(2);
  inbox.acknowledge(deliveries[1]);
  peer.hold(Type::puback);
  std::promise<void> given;
  inbox.consumer().negative_acknowledge({&deliveries[0].ack, 1}, Duration::zero(), [&](const Error* error) {
    EXPECT_EQ(error, nullptr);
    given.set_value();
  });
  EXPECT_TRUE(peer.wait([&](const Peer::Log& log) {
    return std::any_of(log.begin(), log.end(), [&](const Seen& each) {
      return each.direction == from_client && each.type == Type::publish && each.topic == names.retry_topic();
    });
  }));
  const auto again = inbox.await(3).back();  // it has come, and yet it is not answered
  EXPECT_THAT(answered(), IsEmpty());
  peer.let_go(Type::puback);
  given.get_future().wait();
  EXPECT_TRUE(peer.wait_for(names.home(), from_client, Type::puback, 2));
  EXPECT_THAT(answered(), ElementsAre(1, 2));
  EXPECT_EQ(again.body.bytes(), "one");
  EXPECT_EQ(again.attempt, 2u);
  EXPECT_EQ(again.key, "k");
  EXPECT_EQ(again.properties.size(), 1u);
  ASSERT_NE(again.properties.find("colour"), nullptr);
  EXPECT_EQ(*again.properties.find("colour"), "red");
  inbox.acknowledge(again);
  EXPECT_TRUE(peer.wait_for(names.retry(), from_client, Type::puback));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST_F(Settling, AcknowledgedAfterItWasGivenBackItIsStale) {
  Inbox inbox(*backend, queue);
  publish(1, 1);
  const auto first = inbox.await(1)[0];
  peer.hold(Type::puback);
  std::promise<void> given;
  inbox.consumer().negative_acknowledge({&first.ack, 1}, Duration::zero(),
                                        [&](const Error*) { given.set_value(); });
  EXPECT_EQ(error_from([&] { inbox.acknowledge(first); }).value().code(), ErrorCode::stale_ack);
  peer.let_go(Type::puback);
  given.get_future().wait();
}

/// Otherwise what was acknowledged behind it would come again.
TEST_F(Settling, ClosingCopiesWhatStandsBeforeSomethingAcknowledged) {
  {
    Inbox inbox(*backend, queue);
    publish(1, 4);
    const auto deliveries = inbox.await(4);
    inbox.acknowledge(deliveries[2]);
    inbox.close();
  }
  EXPECT_THAT(answered(), ElementsAre(1, 2, 3));
  Inbox next(*backend, queue);
  EXPECT_THAT(texts(next.await(3)), UnorderedElementsAre("1", "2", "4"));
  for (const auto& each : next.await(3)) next.acknowledge(each);
  next.close();
  EXPECT_EQ(next.await(0).size(), 3u);
  EXPECT_THAT(peer.violations(), IsEmpty());
}

}  // namespace
}  // namespace omnibus::mqtt
