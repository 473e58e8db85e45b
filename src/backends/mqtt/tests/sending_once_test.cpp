/// QoS 2 from a Bus to a broker, over connections that break at each step.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "backends/mqtt/tests/driven.hpp"

namespace omnibus::mqtt {
namespace {

using testing::IsEmpty;

const QueueName queue = QueueName::parse("q2/tg/flow/orders");
constexpr std::size_t count = 5;

struct Step {
  Direction direction;
  Type type;
};
constexpr Step steps[] = {{from_client, Type::publish},
                          {to_client, Type::pubrec},
                          {from_client, Type::pubrel},
                          {to_client, Type::pubcomp}};

/// How often each number was confirmed, and how.
class Confirmed {
 public:
  Completion next(std::size_t number) {
    return [this, number](const Error* error) {
      const std::lock_guard lock(mutex_);
      outcomes_[number].push_back(error != nullptr ? error->what() : "");
    };
  }
  void expect_each_once(std::size_t of) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(outcomes_.size(), of);
    for (const auto& [number, outcomes] : outcomes_)
      EXPECT_EQ(outcomes, std::vector<std::string>{""}) << "of message " << number;
  }

 private:
  std::mutex mutex_;  ///< guards the rest
  std::map<std::size_t, std::vector<std::string>> outcomes_;
};

void send_all(Producer<Raw>& producer, Confirmed& confirmed, std::size_t first = 1,
              std::size_t last = count) {
  for (std::size_t i = first; i <= last; ++i)
    producer.send_async({std::to_string(i)}, {.sequence = i}, confirmed.next(i));
}

struct Breaking : testing::TestWithParam<std::tuple<Step, std::size_t, std::string>> {};

TEST_P(Breaking, EachMessageIsStoredOnceInOrderAndConfirmedOnce) {
  const auto [step, nth, name] = GetParam();
  Peer peer;
  Stored stored(peer, "tg/flow/orders");
  auto bus = connect_to(peer);
  auto producer = bus.create_producer<Raw>(queue, {.name = name});
  peer.drop_before(step.direction, step.type, nth);
  Confirmed confirmed;
  send_all(producer, confirmed);
  producer.close();
  EXPECT_EQ(stored.payloads(), numbers(count));
  confirmed.expect_each_once(count);
  EXPECT_THAT(peer.violations(), IsEmpty());
  // What was dropped came again, so a break there was.
  const auto connects = count_of(peer.log(), from_client, Type::connect);
  EXPECT_EQ(connects, name.empty() ? 3u : 4u);  // the keeper's, and again by whom it was
}

TEST_P(Breaking, TheRestFollowsOverAWindowOfOne) {
  const auto [step, nth, name] = GetParam();
  Peer peer;
  Stored stored(peer, "tg/flow/orders");
  peer.on_connect([](const Connect&) {
    Connack answer;
    answer.properties.receive_maximum = 1;
    return answer;
  });
  auto bus = connect_to(peer);
  auto producer = bus.create_producer<Raw>(queue, {.name = name});
  peer.drop_before(step.direction, step.type, nth);
  Confirmed confirmed;
  send_all(producer, confirmed);
  producer.close();
  EXPECT_EQ(stored.payloads(), numbers(count));
  confirmed.expect_each_once(count);
  EXPECT_THAT(peer.violations(), IsEmpty());
}

std::string name_of(const testing::TestParamInfo<Breaking::ParamType>& info) {
  const auto& [step, nth, name] = info.param;
  return std::string(to_string(step.type)) + std::to_string(nth) + (name.empty() ? "Unnamed" : "Named");
}

INSTANTIATE_TEST_SUITE_P(SendingOnce, Breaking,
                         testing::Combine(testing::ValuesIn(steps), testing::Values(1u, 3u),
                                          testing::Values("", "sender")),
                         name_of);

/// The broker comes back without the session: before PUBREC the message is sent anew, after it it is there.
TEST(SendingOnce, ForgottenSessionsLoseAndDoubleNothing) {
  for (const auto& step : {steps[0], steps[2], steps[3]}) {
    for (const std::size_t nth : {1u, 3u}) {
      Peer peer;
      Stored stored(peer, "tg/flow/orders");
      auto bus = connect_to(peer);
      auto producer = bus.create_producer<Raw>(queue, {.name = "sender"});
      const auto client = peer.log().back().client;
      peer.drop_before(step.direction, step.type, nth, [&] { peer.forget(client); });
      // One at a time: of several the broker would have forgotten what it had stored and not told.
      for (std::size_t i = 1; i <= count; ++i) producer.send({std::to_string(i)}, {.sequence = i});
      producer.close();
      EXPECT_EQ(stored.payloads(), numbers(count)) << to_string(step.type) << " " << nth;
      EXPECT_THAT(peer.violations(), IsEmpty());
    }
  }
}

TEST(SendingOnce, WhatWasSentIsKnownToTheNextProducerOfTheName) {
  Peer peer;
  Stored stored(peer, "tg/flow/orders");
  auto bus = connect_to(peer);
  for (int round = 0; round < 2; ++round) {
    auto producer = bus.create_producer<Raw>(queue, {.name = "sender"});
    Confirmed confirmed;
    send_all(producer, confirmed);
    producer.close();
    confirmed.expect_each_once(count);
  }
  EXPECT_EQ(stored.payloads(), numbers(count));
}

TEST(SendingOnce, ManyBreaksAtRandomStepsLoseAndDoubleNothing) {
  constexpr std::size_t many = 300;
  Peer peer;
  Stored stored(peer, "tg/flow/orders");
  auto bus = connect_to(peer);
  auto producer = bus.create_producer<Raw>(queue, {.name = "sender"});
  Confirmed confirmed;
  std::size_t sent = 0;
  for (std::size_t round = 0; round < 8; ++round) {
    const auto& step = steps[round % 4];
    peer.drop_before(step.direction, step.type, 1 + 7 * round % 23);
    const std::size_t last = many * (round + 1) / 8;
    send_all(producer, confirmed, sent + 1, last);
    sent = last;
    producer.flush();
  }
  producer.close();
  EXPECT_EQ(stored.payloads(), numbers(many));
  confirmed.expect_each_once(many);
  EXPECT_THAT(peer.violations(), IsEmpty());
}

}  // namespace
}  // namespace omnibus::mqtt
