#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Retention : public Case {
 protected:
  void SetUp() override {
    Case::SetUp();
    if (!harness().bounded({})) NEEDS_MORE_THAN_WEAKER(history);
  }

  /// A broker with these limits; the case fails when the backend keeps history and its harness gives none.
  Bus bounded(const Bounds& bounds) {
    const auto url = harness().bounded(bounds);
    if (!url) throw std::runtime_error("the harness of this backend gives no broker with small limits");
    return connect(*url);
  }
  static std::string filling() { return std::string(10'000, 'r'); }
};
class NoSubscriber : public Case {};

TEST_F(Retention, KeepsTheNewestWithinItsSize) {
  NEEDS(history);
  NEEDS(earliest);
  auto small = bounded({.retention_bytes = 100'000});
  auto outbox = small.create_producer<Item>(queue());
  for (std::int64_t number = 1; number <= 100; ++number) outbox.send(item(number, "p", filling()));
  auto inbox = small.create_consumer<Item>(queue(), "late", earliest());
  std::vector<std::int64_t> got;
  while (got.empty() || got.back() != 100) got.push_back(next(inbox)->number);
  EXPECT_EQ(got, range(got.front(), 100)) << "what is kept has a hole";
  EXPECT_GT(got.size(), 2u);
  EXPECT_LT(got.size(), 50u) << "more is kept than the limit allows";
}

TEST_F(Retention, ForgetsWhatIsOlderThanItsTime) {
  NEEDS(history);
  NEEDS(earliest);
  auto small = bounded({.retention_time = 200ms});
  auto outbox = small.create_producer<Item>(queue());
  outbox.send(item(1));
  std::int64_t number = 1;
  eventually("the old message is forgotten", [&] {
    // Each look is a new subscription; a send gives the backend a reason to look at its history.
    outbox.send(item(++number));
    auto inbox = small.create_consumer<Item>(queue(), "late" + std::to_string(number), earliest());
    const auto first = next(inbox)->number;
    inbox.unsubscribe();
    return first > 1;
  });
}

TEST_F(Retention, KeepsWhatASubscriptionHasNotAcknowledged) {
  NEEDS(history);
  auto small = bounded({.retention_bytes = 50'000, .retention_time = 50ms});
  auto inbox = small.create_consumer<Item>(queue(), "slow");
  auto outbox = small.create_producer<Item>(queue());
  for (std::int64_t number = 1; number <= 50; ++number) outbox.send(item(number, "p", filling()));
  inbox.close();
  auto again = small.create_consumer<Item>(queue(), "slow");
  EXPECT_EQ(numbers(take(again, 50)), range(1, 50));
}

TEST_F(Retention, HardLimitIsAnErrorForSendersAndNothingIsLost) {
  NEEDS(history);
  auto small = bounded({.retention_bytes = 10'000, .hard_limit_bytes = 300'000});
  auto inbox = small.create_consumer<Item>(queue(), "slow", {.window = 10});
  auto outbox = small.create_producer<Item>(queue());
  std::int64_t stored = 0;
  const auto refused = error_of([&] {
    for (; stored < 200; ++stored) outbox.send(item(stored + 1, "p", filling()), {.timeout = 2s});
  });
  ASSERT_TRUE(refused) << "200 messages of 10 kB went over a limit of 300 kB";
  EXPECT_EQ(refused->code(), ErrorCode::no_space) << refused->what();
  EXPECT_FALSE(refused->hint().empty()) << refused->what();
  EXPECT_GT(stored, 5);
  for (std::int64_t number = 1; number <= stored; ++number) {
    const auto message = next(inbox);
    ASSERT_EQ(message->number, number);
    inbox.acknowledge(message);
  }
  EXPECT_TRUE(silent(inbox));
  outbox.send(item(stored + 1));
  EXPECT_EQ(next(inbox)->number, stored + 1) << "acknowledging made no room";
}

TEST_F(Retention, FlushThrowsTheRefusalOfAnEarlierSend) {
  NEEDS(history);
  auto small = bounded({.retention_bytes = 10'000, .hard_limit_bytes = 300'000});
  auto inbox = small.create_consumer<Item>(queue(), "slow");
  auto outbox = small.create_producer<Item>(queue());
  std::atomic<int> completed = 0, failed = 0;
  for (std::int64_t number = 1; number <= 100; ++number) {
    outbox.send_async(item(number, "p", filling()), {}, [&](const Error* error) {
      ++completed;
      if (error != nullptr) ++failed;
    });
  }
  EXPECT_TRUE(fails_with(ErrorCode::no_space, [&] { outbox.flush(); }));
  outbox.flush();
  eventually("all completions ran", [&] { return completed == 100; });
  EXPECT_GT(failed.load(), 0);
}

TEST_F(NoSubscriber, IsKeptOrReportedOrADocumentedLoss) {
  const auto where = queue();
  auto outbox = producer(where);
  const auto error = error_of([&] { outbox.send(item(1)); });
  if (features().has(Feature::history)) {
    EXPECT_FALSE(error) << error->what();
    auto inbox = consumer(where, "late", earliest());
    EXPECT_EQ(next(inbox)->number, 1);
  } else if (features().has(Feature::no_subscription_error)) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::no_subscription) << error->what();
  } else {
    EXPECT_FALSE(error) << error->what();
    EXPECT_FALSE(features()[Feature::history].note.empty()) << "the loss is not documented";
  }
}

TEST_F(NoSubscriber, RemovedSubscriptionsHoldNothingBack) {
  NEEDS(statistics);
  const auto where = queue();
  auto inbox = consumer(where);
  auto outbox = producer(where);
  send_each(outbox, 1, 10);
  EXPECT_EQ(bus().statistics(where).subscriptions["readers"].backlog, 10u);
  inbox.unsubscribe();
  EXPECT_TRUE(bus().statistics(where).subscriptions.empty());
}

}  // namespace
}  // namespace omnibus::conformance
