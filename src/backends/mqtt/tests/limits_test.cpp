/// What a broker tells in CONNACK, and the driver keeps to.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/mqtt/tests/inbox.hpp"

namespace omnibus::mqtt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const QueueName queue = QueueName::parse("q1/tg/flow/orders");

/// CONNACKs tell this.
template <class T>
void tell(Peer& peer, std::optional<T> PacketProperties::*what, T value) {
  peer.on_connect([what, value](const Connect&) {
    Connack answer;
    answer.properties.*what = value;
    return answer;
  });
}

void send_many(Producer<Raw>& producer, std::size_t first, std::size_t count) {
  for (const auto& number : numbers(count, first)) producer.send_async({number});
  producer.flush();
}

/// The peer takes it for a violation when there are more.
TEST(Limits, NoMoreAreInFlightThanTheBrokerTakes) {
  for (const std::string name : {"q1/tg/flow/orders", "q2/tg/flow/orders"}) {
    Peer peer;
    Stored stored(peer, "tg/flow/orders");
    tell<std::uint16_t>(peer, &PacketProperties::receive_maximum, 3);
    auto bus = connect_to(peer);
    auto producer = bus.create_producer<Raw>(QueueName::parse(name));
    send_many(producer, 1, 100);
    EXPECT_EQ(stored.payloads(), numbers(100));
    EXPECT_THAT(peer.violations(), IsEmpty());
  }
}

/// Of each sent message, its topic and alias.
std::vector<std::pair<std::string, int>> named(const Peer::Log& log) {
  std::vector<std::pair<std::string, int>> all;
  for (const auto& each : log) {
    if (each.direction == from_client && each.type == Type::publish)
      all.emplace_back(each.topic, each.properties.topic_alias.value_or(0));
  }
  return all;
}

TEST(Limits, TopicsAreAliasedUpToTheMaximumAndAnewOverEachConnection) {
  Peer peer;
  tell<std::uint16_t>(peer, &PacketProperties::topic_alias_maximum, 1);
  Member keeper(peer, "keeper");
  subscribe(keeper, "#");
  auto bus = connect_to(peer);
  auto producer = bus.create_producer<Raw>(queue);
  auto other = bus.create_producer<Raw>(QueueName::parse("q1/tg/flow/other"));
  producer.send({"1"});
  producer.send({"2"});
  other.send({"3"});
  other.send({"4"});
  EXPECT_THAT(named(peer.log()), ElementsAre(std::pair("tg/flow/orders", 1), std::pair("", 1),
                                             std::pair("tg/flow/other", 0), std::pair("tg/flow/other", 0)));
  peer.refuse();
  peer.accept();
  producer.send({"5"});
  producer.send({"6"});
  const auto after = named(peer.log());
  ASSERT_GE(after.size(), 6u);
  EXPECT_EQ(after[after.size() - 2], std::pair(std::string("tg/flow/orders"), 1));
  EXPECT_EQ(after.back(), std::pair(std::string(), 1));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(Limits, WhatIsTooLargeIsRefusedBeforeAnythingIsWritten) {
  for (const std::string name : {"q0/tg/flow/orders", "q1/tg/flow/orders", "q2/tg/flow/orders"}) {
    Peer peer;
    Stored stored(peer, "tg/flow/orders");
    tell<std::uint32_t>(peer, &PacketProperties::maximum_packet_size, 1000);
    const auto backend = open_at(peer);
    const auto to = QueueName::parse(name);
    const auto error = error_from([&] { send_one(*backend, to, std::string(1000, 'x')); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), ErrorCode::too_large);
    EXPECT_THAT(error->what(), HasSubstr("1000"));
    send_one(*backend, to, std::string(900, 'y'));
    EXPECT_TRUE(
        peer.wait([](const Peer::Log& log) { return count_of(log, from_client, Type::publish) > 0; }));
    EXPECT_EQ(count_of(peer.log(), from_client, Type::publish), 1u);
    EXPECT_THAT(peer.violations(), IsEmpty());
  }
}

TEST(Limits, AQosThatTheBrokerLacksIsUnsupported) {
  Peer peer;
  tell<std::uint8_t>(peer, &PacketProperties::maximum_qos, 1);
  const auto backend = open_at(peer);
  const auto error = error_from([&] { send_one(*backend, QueueName::parse("q2/tg/flow/orders"), "x"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unsupported);
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(Limits, TheBrokersKeepAliveReplacesOurs) {
  Peer peer;
  tell<std::uint16_t>(peer, &PacketProperties::server_keep_alive, 1);
  const auto backend = open_at(peer);
  EXPECT_TRUE(peer.wait([](const Peer::Log& log) { return count_of(log, from_client, Type::pingreq) >= 3; }));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

TEST(Limits, ABrokerThatFallsSilentIsTakenForGone) {
  Peer peer;
  tell<std::uint16_t>(peer, &PacketProperties::server_keep_alive, 1);
  const auto backend = open_at(peer);
  Inbox inbox(*backend, queue);
  peer.hold(Type::pingresp);
  const auto failure = inbox.await_failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code(), ErrorCode::unavailable);
  EXPECT_TRUE(failure->retryable());
  EXPECT_THAT(failure->what(), HasSubstr("silent"));
}

TEST(Limits, WhatNobodySubscribesToIsToldByQos) {
  Peer peer;
  const auto backend = open_at(peer);
  for (const std::string name : {"q1/tg/flow/orders", "q2/tg/flow/orders"}) {
    const auto error = error_from([&] { send_one(*backend, QueueName::parse(name), "x"); });
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->code(), ErrorCode::no_subscription);
  }
  send_one(*backend, QueueName::parse("q0/tg/flow/orders"), "x");
}

}  // namespace
}  // namespace omnibus::mqtt
