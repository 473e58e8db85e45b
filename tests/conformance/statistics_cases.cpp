#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Statistics : public Case {
 protected:
  driver::SubscriptionStatistics of(const std::string& subscription) {
    return bus().statistics(queue()).subscriptions[subscription];
  }
};

TEST_F(Statistics, CountDepthBacklogInFlightAndConsumers) {
  NEEDS(statistics);
  auto inbox = consumer(queue(), "readers", {.window = 3});
  consumer(queue(), "others").close();
  auto outbox = producer(queue());
  send_each(outbox, 1, 10);
  const auto held = take(inbox, 3);
  eventually("three are in flight", [&] { return of("readers").in_flight == 3; });
  EXPECT_EQ(of("readers").backlog, 10u);
  EXPECT_EQ(of("readers").consumers, 1u);
  EXPECT_EQ(of("others").backlog, 10u);
  EXPECT_EQ(of("others").in_flight, 0u);
  EXPECT_EQ(of("others").consumers, 0u);
  const auto all = bus().statistics(queue());
  EXPECT_EQ(all.depth, 10u);
  EXPECT_GE(all.bytes, 10u);
  inbox.acknowledge(held[0]);
  EXPECT_EQ(of("readers").backlog, 9u);
}

TEST_F(Statistics, CountRedeliveries) {
  NEEDS(statistics);
  NEEDS(negative_acknowledge);
  auto inbox = consumer(queue(), "readers", quick());
  producer(queue()).send(item(1));
  for (int i = 0; i < 3; ++i) inbox.negative_acknowledge(next(inbox));
  next(inbox);
  EXPECT_EQ(of("readers").redelivered, 3u);
}

TEST_F(Statistics, TellTheAgeOfTheOldest) {
  NEEDS(statistics);
  consumer(queue()).close();
  producer(queue()).send(item(1));
  const auto first = of("readers").oldest_age;
  eventually("it grows older", [&] { return of("readers").oldest_age > first; });
  EXPECT_LT(of("readers").oldest_age, 10min);
}

TEST_F(Statistics, OfAnUnknownQueueAreEmptyOrNotFound) {
  NEEDS(statistics);
  const auto error = error_of([&] {
    const auto none = bus().statistics(queue("never used"));
    EXPECT_EQ(none.depth, 0u);
    EXPECT_TRUE(none.subscriptions.empty());
  });
  if (!error) return;
  EXPECT_EQ(error->code(), ErrorCode::not_found) << error->what();
}

TEST_F(Statistics, HoldOverARestart) {
  NEEDS(statistics);
  NEEDS(durable);
  {
    auto inbox = consumer(queue());
    auto outbox = producer(queue());
    send_each(outbox, 1, 10);
    acknowledge_all(inbox, take(inbox, 4));
  }
  restart_broker();
  EXPECT_EQ(of("readers").backlog, 6u);
  EXPECT_EQ(of("readers").in_flight, 0u);
  EXPECT_EQ(of("readers").consumers, 0u);
}

}  // namespace
}  // namespace omnibus::conformance
