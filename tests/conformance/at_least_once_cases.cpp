#include <random>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class AtLeastOnce : public Case {
 protected:
  /// What a worker reported as acknowledged before its end.
  static std::set<std::int64_t> acknowledged(const std::vector<std::string>& lines) {
    std::set<std::int64_t> numbers;
    for (const auto& line : lines) {
      if (line.starts_with("acked ")) numbers.insert(std::stoll(line.substr(6)));
    }
    return numbers;
  }
};

TEST_F(AtLeastOnce, SurvivesTheRestartOfTheConsumer) {
  const auto where = queue();
  auto first = consumer(where);
  auto outbox = producer(where);
  send_range(outbox, 1, 10);
  const auto messages = take(first, 10);
  for (std::size_t i = 0; i < 3; ++i) first.acknowledge(messages[i]);
  first.close();
  auto second = consumer(where);
  EXPECT_EQ(number_set(take(second, 7)),
            number_set(std::vector<Message<Item>>(messages.begin() + 3, messages.end())));
  EXPECT_TRUE(silent(second));
}

TEST_F(AtLeastOnce, SurvivesTheLossOfTheConnection) {
  const auto where = queue();
  auto other = connect();
  auto first = other.create_consumer<Item>(where, "readers");
  auto outbox = producer(where);
  send_range(outbox, 1, 5);
  take(first, 5);
  other.close();
  auto second = consumer(where);
  EXPECT_EQ(numbers(take(second, 5)), range(1, 5));
}

TEST_F(AtLeastOnce, SurvivesTheRestartOfTheBroker) {
  NEEDS_MORE_THAN_WEAKER(durable);
  const auto where = queue();
  {
    auto inbox = consumer(where);
    auto outbox = producer(where);
    send_range(outbox, 1, 100);
    auto messages = take(inbox, 10);
    acknowledge_all(inbox, messages);
  }
  restart_broker();
  auto inbox = consumer(where);
  EXPECT_EQ(numbers(take(inbox, 90)), range(11, 100));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(AtLeastOnce, SurvivesSeveralRestartsOfTheBroker) {
  NEEDS(durable);
  const auto where = queue();
  consumer(where).close();
  for (std::int64_t round = 0; round < 3; ++round) {
    auto outbox = producer(where);
    send_range(outbox, round * 10 + 1, round * 10 + 10);
    outbox.close();
    restart_broker();
  }
  auto inbox = consumer(where);
  EXPECT_EQ(numbers(take(inbox, 30)), range(1, 30));
}

TEST_F(AtLeastOnce, UnacknowledgedGoToAnotherConsumer) {
  const auto where = queue();
  auto first = consumer(where, "readers", {.window = 5});
  auto outbox = producer(where);
  send_range(outbox, 1, 5);
  const auto held = take(first, 5);
  first.acknowledge(held[2]);
  auto second = consumer(where);
  EXPECT_TRUE(silent(second));
  first.close();
  const auto again = take(second, 4);
  EXPECT_EQ(number_set(again), (std::set<std::int64_t>{1, 2, 4, 5}));
  acknowledge_all(second, again);
  EXPECT_TRUE(silent(second));
}

TEST_F(AtLeastOnce, ComesBackAfterNack) {
  const auto where = queue();
  auto inbox = consumer(where, "readers", quick());
  producer(where).send(item(1));
  inbox.negative_acknowledge(next(inbox));
  const auto again = next(inbox);
  EXPECT_EQ(again->number, 1);
  inbox.acknowledge(again);
  EXPECT_TRUE(silent(inbox));
}

TEST_F(AtLeastOnce, ConsumerProcessKilledInMidWork) {
  NEEDS(durable);
  const auto where = queue();
  consumer(where).close();
  auto outbox = producer(where);
  send_range(outbox, 1, 20);
  auto victim = worker("consume", where, {{"ack", "even"}, {"count", "20"}});
  victim->await("done");
  victim->kill();
  auto inbox = consumer(where);
  if (features()[Feature::selective_ack].support <= Support::weaker) {
    const auto again = number_set(take(inbox, 20));
    EXPECT_EQ(again.size(), 20u) << "what stands before the acknowledged ones was not acknowledged";
    return;
  }
  const auto again = take(inbox, 10);
  for (const auto& message : again) EXPECT_EQ(message->number % 2, 1);
  EXPECT_EQ(number_set(again).size(), 10u);
  EXPECT_TRUE(silent(inbox));
}

TEST_F(AtLeastOnce, ConsumerProcessesKilledAtRandom) {
  NEEDS(durable);
  constexpr std::size_t count = 400;
  const auto where = queue();
  consumer(where).close();
  auto outbox = producer(where);
  send_range(outbox, 0, count - 1);
  Tally tally(count);
  std::set<std::int64_t> acked;
  std::mt19937_64 random(options().seed);
  for (std::size_t round = 0; round < options().rounds; ++round) {
    auto victim = worker("consume", where);
    std::vector<std::string> lines;
    const auto until = 1 + random() % 80;
    while (lines.size() < until) lines.push_back(victim->line());
    victim->kill();
    for (const auto& line : victim->rest()) lines.push_back(line);
    for (const auto& line : lines) {
      if (line.starts_with("got ")) tally.count(static_cast<std::size_t>(std::stoll(line.substr(4))));
    }
    acked.merge(acknowledged(lines));
  }
  auto inbox = consumer(where);
  while (tally.lost() > 0) {
    const auto message = next(inbox);
    if (features()[Feature::confirmed_ack].support > Support::weaker) {
      EXPECT_FALSE(acked.count(message->number))
          << message->number << " came again after its acknowledgement";
    }
    tally.count(static_cast<std::size_t>(message->number));
    inbox.acknowledge(message);
  }
  EXPECT_TRUE(silent(inbox));
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.strange(), 0u);
}

TEST_F(AtLeastOnce, ConfirmedSendsOutliveTheirKilledProducer) {
  NEEDS(durable);
  const auto where = queue();
  auto inbox = consumer(where);
  auto victim = worker("produce", where, {{"from", "0"}, {"to", "1000000"}});
  while (victim->await("confirmed") != "50") {
  }
  victim->kill();
  std::int64_t confirmed = 50;
  for (const auto& line : victim->rest()) {
    if (line.starts_with("confirmed "))
      confirmed = std::max<std::int64_t>(confirmed, std::stoll(line.substr(10)));
  }
  Tally tally(static_cast<std::size_t>(confirmed) + 1);
  std::size_t beyond = 0;
  while (tally.lost() > 0) {
    const auto message = next(inbox);
    // At most the one send that was under way may have been stored without its confirmation being read.
    message->number <= confirmed ? tally.count(static_cast<std::size_t>(message->number)) : void(++beyond);
    inbox.acknowledge(message);
  }
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.duplicated(), 0u);
  EXPECT_LE(beyond, 1u);
}

}  // namespace
}  // namespace omnibus::conformance
