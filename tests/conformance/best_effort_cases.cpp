#include <algorithm>
#include <sstream>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class BestEffort : public Case {
 protected:
  QueueName loose() { return queue("queue", Qos::best_effort); }

  /// What the connection counted as dropped.
  double dropped_count() {
    std::istringstream lines(bus().metrics().text());
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with('#') || line.find("dropped") == std::string::npos) continue;
      sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
    return sum;
  }
};

/// More than any backend buffers for a slow consumer.
constexpr std::int64_t flood = 30'000;

TEST_F(BestEffort, AttemptIsOneAndAcknowledgementDoesNothing) {
  NEEDS(best_effort);
  auto inbox = consumer(loose());
  auto outbox = producer(loose());
  send_range(outbox, 1, 3);
  const auto messages = take(inbox, 3);
  EXPECT_EQ(numbers(messages), range(1, 3));
  for (const auto& message : messages) {
    EXPECT_EQ(message.attempt(), 1u);
    inbox.acknowledge(message);
    inbox.acknowledge(message);
  }
}

TEST_F(BestEffort, NothingComesBackWithoutAcknowledgement) {
  NEEDS(best_effort);
  auto first = consumer(loose());
  auto outbox = producer(loose());
  outbox.send(item(1));
  EXPECT_EQ(next(first)->number, 1);
  first.close();
  auto second = consumer(loose());
  outbox.send(item(2));
  EXPECT_EQ(next(second)->number, 2);
  EXPECT_TRUE(silent(second));
}

TEST_F(BestEffort, MoreThanTheWindowIsReadWithoutAcknowledgement) {
  NEEDS(best_effort);
  auto inbox = consumer(loose(), "readers", {.window = 10});
  auto outbox = producer(loose());
  for (std::int64_t number = 1; number <= 100; ++number) {
    outbox.send(item(number));
    ASSERT_EQ(next(inbox)->number, number);
  }
}

TEST_F(BestEffort, EachSubscriptionSeesEveryMessage) {
  NEEDS(best_effort);
  auto first = consumer(loose(), "first");
  auto second = consumer(loose(), "second");
  auto outbox = producer(loose());
  send_range(outbox, 1, 100);
  EXPECT_EQ(numbers(take(first, 100)), range(1, 100));
  EXPECT_EQ(numbers(take(second, 100)), range(1, 100));
}

TEST_F(BestEffort, NobodyListeningIsNoFailure) {
  NEEDS(best_effort);
  auto outbox = producer(loose());
  send_range(outbox, 1, 1000);
  auto late = consumer(loose());
  EXPECT_TRUE(silent(late));
}

TEST_F(BestEffort, ProducerDoesNotWaitForASlowConsumer) {
  NEEDS(best_effort);
  auto slow = consumer(loose(), "slow", {.window = 10});
  auto outbox = producer(loose());
  // Every send is confirmed although nobody reads; a producer that waited would run into the timeout.
  send_range(outbox, 1, flood);
  EXPECT_GT(next(slow)->number, 0);
}

TEST_F(BestEffort, SlowConsumerLosesTheOldestAndTheyAreCounted) {
  NEEDS(best_effort);
  auto slow = consumer(loose(), "slow", {.window = 10});
  auto outbox = producer(loose());
  send_range(outbox, 1, flood);
  // Sent is not arrived: it stays slow until something had to go.
  for (const auto until = Clock::now() + options().patience; dropped_count() == 0 && Clock::now() < until;) {
    std::this_thread::sleep_for(10ms);
  }
  std::vector<std::int64_t> got;
  while (got.empty() || got.back() != flood) got.push_back(next(slow)->number);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
  EXPECT_LT(got.size(), static_cast<std::size_t>(flood));
  report("received", got.size());
  const auto lost = static_cast<double>(flood) - static_cast<double>(got.size());
  eventually("the dropped messages are counted", [&] { return dropped_count() == lost; });
}

}  // namespace
}  // namespace omnibus::conformance
