/// QoS 2 from a broker to a Bus, over connections that break at each step.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "backends/mqtt/tests/driven.hpp"

namespace omnibus::mqtt {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Key;

const QueueName queue = QueueName::parse("q2/tg/flow/orders");
constexpr std::size_t count = 5;

struct Step {
  Direction direction;
  Type type;
};
constexpr Step steps[] = {{to_client, Type::publish},
                          {from_client, Type::pubrec},
                          {to_client, Type::pubrel},
                          {from_client, Type::pubcomp}};

void publish(Peer& peer, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i <= last; ++i) {
    const auto text = std::to_string(i);
    peer.publish({.topic = "tg/flow/orders", .payload = text, .id = 1, .qos = 2});
  }
}

/// Takes messages; which came after their acknowledgement was through.
class Taken {
 public:
  explicit Taken(Consumer<Raw>& consumer) : consumer_(consumer) {}

  /// Takes one. When it is to be acknowledged, and the link still stands, it is done with.
  void next(bool acknowledged = true) {
    auto message = consumer_.receive(patience);
    if (done_.count(message->bytes) > 0) again_.push_back(message->bytes);
    ++came_[message->bytes];
    if (!acknowledged) return held_.push_back(std::move(message));
    try {
      consumer_.acknowledge(message);
      done_.insert(message->bytes);
    } catch (const Error&) {
      // The link broke first: it may come again.
    }
  }
  void until_done(std::size_t of) {
    while (done_.size() < of) next();
  }
  void until_come(std::size_t of) {
    while (came_.size() < of) next();
  }
  /// Nothing else that was acknowledged is under way: what is sent last comes last.
  void expect_only(Peer& peer, const std::string& last) {
    peer.publish({.topic = "tg/flow/orders", .payload = last, .id = 1, .qos = 2});
    while (came_.count(last) == 0) next();
  }
  const std::vector<std::string>& again() const noexcept { return again_; }
  const std::map<std::string, std::size_t>& came() const noexcept { return came_; }

 private:
  Consumer<Raw>& consumer_;
  std::set<std::string> done_;
  std::vector<std::string> again_;
  std::map<std::string, std::size_t> came_;
  std::vector<Message<Raw>> held_;
};

/// Waits until the consumer has a connection again and has subscribed.
void await_return(const Peer& peer, std::size_t subscribes) {
  EXPECT_TRUE(
      peer.wait([&](const Peer::Log& log) { return count_of(log, to_client, Type::suback) > subscribes; }));
}

struct Broken : testing::TestWithParam<std::tuple<Step, std::size_t, std::string>> {};

TEST_P(Broken, WhatIsAcknowledgedComesOnceAndAllComes) {
  const auto [step, nth, query] = GetParam();
  Peer peer;
  auto bus = connect_to(peer, query);
  auto consumer = bus.create_consumer<Raw>(queue, "readers", {.sharing = Sharing::exclusive});
  const auto connects = count_of(peer.log(), from_client, Type::connect);
  peer.drop_before(step.direction, step.type, nth);
  publish(peer, 1, count);
  Taken taken(consumer);
  taken.until_come(count);
  EXPECT_TRUE(
      peer.wait([&](const Peer::Log& log) { return count_of(log, from_client, Type::connect) > connects; }));
  taken.expect_only(peer, "last");
  EXPECT_THAT(taken.again(), IsEmpty());
  EXPECT_EQ(taken.came().size(), count + 1);
  consumer.close();
  EXPECT_THAT(peer.violations(), IsEmpty());
}

std::string name_of(const testing::TestParamInfo<Broken::ParamType>& info) {
  const auto& [step, nth, query] = info.param;
  return std::string(to_string(step.type)) + std::to_string(nth) + (query.empty() ? "" : "In311");
}

INSTANTIATE_TEST_SUITE_P(ReceivingOnce, Broken,
                         testing::Combine(testing::ValuesIn(steps), testing::Values(1u, 3u),
                                          testing::Values("", "?version=3.1.1")),
                         name_of);

TEST(ReceivingOnce, UnacknowledgedComesAgainWhenTheLinkBreaks) {
  Peer peer;
  auto bus = connect_to(peer);
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  publish(peer, 1, 3);
  Taken taken(consumer);
  for (int i = 0; i < 3; ++i) taken.next(false);
  const auto subscribed = count_of(peer.log(), to_client, Type::suback);
  peer.refuse();
  peer.accept();
  await_return(peer, subscribed);
  taken.until_done(3);
  EXPECT_THAT(taken.came(), testing::Each(testing::Pair(testing::_, 2u)));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

/// The broker cannot be told of 2 and 3 before 1, and yet they are done with.
TEST(ReceivingOnce, AcknowledgedBehindAnUnacknowledgedOneDoesNotComeAgain) {
  Peer peer;
  auto bus = connect_to(peer);
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  publish(peer, 1, 4);
  Taken taken(consumer);
  taken.next(false);
  taken.until_done(2);
  taken.next(false);
  EXPECT_EQ(count_of(peer.log(), from_client, Type::pubrec), 0u);
  const auto subscribed = count_of(peer.log(), to_client, Type::suback);
  peer.refuse();
  peer.accept();
  await_return(peer, subscribed);
  taken.until_done(4);
  taken.expect_only(peer, "last");
  EXPECT_THAT(taken.again(), IsEmpty());
  EXPECT_EQ(taken.came(),
            (std::map<std::string, std::size_t>{{"1", 2}, {"2", 1}, {"3", 1}, {"4", 2}, {"last", 1}}));
  consumer.close();
  EXPECT_THAT(peer.violations(), IsEmpty());
}

/// The same when the reader widens its window, which needs another connection.
TEST(ReceivingOnce, ASecondConsumerMakesNothingComeTwiceOrNever) {
  Peer peer;
  auto bus = connect_to(peer);
  auto consumer = bus.create_consumer<Raw>(queue, "readers", {.window = 4});
  publish(peer, 1, 6);
  Taken taken(consumer);
  taken.next(false);
  taken.until_done(2);
  taken.next(false);
  auto second = bus.create_consumer<Raw>(queue, "readers", {.window = 3});
  std::vector<std::uint16_t> windows;
  for (const auto& each : peer.log()) {
    if (each.type == Type::connect && each.client.find("readers") != std::string::npos &&
        each.client.find("retry") == std::string::npos)
      windows.push_back(each.properties.receive_maximum.value_or(0));
  }
  EXPECT_EQ(windows, (std::vector<std::uint16_t>{4, 7}));
  // All that is left goes to the two; what the first holds does not come again.
  std::set<std::string> rest;
  while (rest.size() < 2) {
    for (auto* const each : {&consumer, &second}) {
      if (const auto message = each->poll(10ms)) {
        EXPECT_TRUE(rest.insert(message->value().bytes).second) << message->value().bytes;
        each->acknowledge(*message);
      }
    }
  }
  EXPECT_EQ(rest, (std::set<std::string>{"5", "6"}));
  EXPECT_THAT(peer.violations(), IsEmpty());
}

/// A broker that forgets the session may use the packet ids for other messages.
TEST(ReceivingOnce, AForgottenSessionTakesItsPacketIdsAlong) {
  Peer peer;
  auto bus = connect_to(peer);
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  publish(peer, 1, 3);
  Taken taken(consumer);
  taken.next(false);
  taken.until_done(2);
  std::string home;
  for (const auto& each : peer.log()) {
    if (each.direction == from_client && each.type == Type::subscribe &&
        each.topic.ends_with("tg/flow/orders"))
      home = each.client;
  }
  const auto subscribed = count_of(peer.log(), to_client, Type::suback);
  peer.forget(home);
  await_return(peer, subscribed);
  EXPECT_TRUE(peer.wait([&](const Peer::Log& log) {
    return std::count_if(log.begin(), log.end(), [&](const Seen& each) {
             return each.client == home && each.direction == to_client && each.type == Type::suback;
           }) == 2;
  }));
  publish(peer, 4, 6);
  Taken after(consumer);
  after.until_done(3);
  EXPECT_EQ(after.came(), (std::map<std::string, std::size_t>{{"4", 1}, {"5", 1}, {"6", 1}}));
}

}  // namespace
}  // namespace omnibus::mqtt
