#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class SharingModes : public Case {};
class StartPosition : public Case {};

ConsumerOptions as(Sharing sharing, std::size_t window = 1000) {
  return quick({.sharing = sharing, .window = window});
}

TEST_F(SharingModes, SharedSpreadsEachMessageToOne) {
  NEEDS_MORE_THAN_WEAKER(shared);
  const auto where = queue();
  auto first = consumer(where, "readers", as(Sharing::shared, 10));
  auto second = consumer(where, "readers", as(Sharing::shared, 10));
  auto outbox = producer(where);
  send_range(outbox, 1, 20);
  const auto one = take(first, 10);
  const auto two = take(second, 10);
  auto all = number_set(one);
  all.merge(number_set(two));
  EXPECT_EQ(all.size(), 20u);
  EXPECT_TRUE(silent(first));
  EXPECT_TRUE(silent(second));
}

TEST_F(SharingModes, ExclusiveRefusesASecond) {
  NEEDS(exclusive);
  const auto where = queue();
  auto first = consumer(where, "readers", as(Sharing::exclusive));
  EXPECT_TRUE(fails_with(ErrorCode::conflict, [&] { consumer(where, "readers", as(Sharing::exclusive)); }));
  auto other = connect();
  EXPECT_TRUE(fails_with(ErrorCode::conflict,
                         [&] { other.create_consumer<Item>(where, "readers", as(Sharing::exclusive)); }));
  producer(where).send(item(1));
  const auto message = next(first);
  first.acknowledge(message);
  first.close();
  auto second = consumer(where, "readers", as(Sharing::exclusive));
  producer(where).send(item(2));
  EXPECT_EQ(next(second)->number, 2);
}

TEST_F(SharingModes, ExclusiveIsFreeAfterItsProcessDied) {
  NEEDS(exclusive);
  NEEDS(durable);
  const auto where = queue();
  auto victim = worker("consume", where, {{"sharing", "exclusive"}, {"ack", "none"}});
  victim->await("ready");
  EXPECT_TRUE(fails_with(ErrorCode::conflict, [&] { consumer(where, "readers", as(Sharing::exclusive)); }));
  producer(where).send(item(1));
  victim->await("got");
  victim->kill();
  std::optional<Consumer<Item>> heir;
  eventually("the subscription is free", [&] {
    try {
      heir.emplace(consumer(where, "readers", as(Sharing::exclusive)));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::conflict) throw;
    }
    return heir.has_value();
  });
  EXPECT_EQ(next(*heir)->number, 1);
}

TEST_F(SharingModes, FailoverHandsOver) {
  NEEDS(failover);
  const auto where = queue();
  auto first = consumer(where, "readers", as(Sharing::failover));
  auto second = consumer(where, "readers", as(Sharing::failover));
  auto outbox = producer(where);
  send_range(outbox, 1, 10);
  const auto held = take(first, 10);
  EXPECT_TRUE(silent(second));
  for (std::size_t i = 0; i < 4; ++i) first.acknowledge(held[i]);
  first.close();
  EXPECT_EQ(numbers(take(second, 6)), range(5, 10));
  outbox.send(item(11));
  EXPECT_EQ(next(second)->number, 11);
}

TEST_F(SharingModes, FailoverHandsOverWhenTheProcessDies) {
  NEEDS(failover);
  NEEDS(durable);
  const auto where = queue();
  auto victim = worker("consume", where, {{"sharing", "failover"}, {"ack", "even"}, {"count", "10"}});
  victim->await("ready");
  auto heir = consumer(where, "readers", as(Sharing::failover));
  auto outbox = producer(where);
  send_range(outbox, 1, 10);
  victim->await("done");
  EXPECT_TRUE(silent(heir));
  victim->kill();
  if (features()[Feature::selective_ack].support <= Support::weaker) {
    EXPECT_EQ(numbers(take(heir, 10)), range(1, 10));
    return;
  }
  EXPECT_EQ(numbers(take(heir, 5)), (std::vector<std::int64_t>{1, 3, 5, 7, 9}));
}

TEST_F(SharingModes, AnotherModeIsRefusedWhileAConsumerLives) {
  NEEDS(exclusive);
  NEEDS(failover);
  const std::vector<Sharing> modes{Sharing::shared, Sharing::exclusive, Sharing::failover};
  int number = 0;
  for (const auto held : modes) {
    const auto where = queue("mode" + std::to_string(++number));
    for (const auto asked : modes) {
      if (asked == held) continue;
      auto first = consumer(where, "readers", as(held));
      EXPECT_TRUE(fails_with(ErrorCode::conflict, [&] { consumer(where, "readers", as(asked)); }));
      first.close();
      consumer(where, "readers", as(asked)).close();
    }
  }
}

TEST_F(SharingModes, ModeWorksOrIsAConfigError) {
  const std::vector<std::pair<Sharing, Feature>> modes{{Sharing::shared, Feature::shared},
                                                       {Sharing::exclusive, Feature::exclusive},
                                                       {Sharing::failover, Feature::failover}};
  for (const auto& [mode, feature] : modes) {
    SCOPED_TRACE(to_string(feature));
    const auto where = queue(to_string(feature));
    const auto error = error_of([&] {
      auto inbox = consumer(where, "readers", as(mode));
      producer(where).send(item(1));
      EXPECT_EQ(next(inbox)->number, 1);
    });
    EXPECT_EQ(error.has_value(), !features().has(feature)) << (error ? error->what() : "no error");
    EXPECT_EQ(error.value_or(ConfigError("")).code(), ErrorCode::config);
  }
}

TEST_F(SharingModes, ConflictTextNamesQueueAndSubscription) {
  NEEDS(exclusive);
  const auto where = queue();
  auto first = consumer(where, "readers", as(Sharing::exclusive));
  const auto error = error_of([&] { consumer(where, "readers", as(Sharing::exclusive)); });
  ASSERT_TRUE(error);
  const std::string what = error->what();
  EXPECT_NE(what.find(where.str()), std::string::npos) << what;
  EXPECT_NE(what.find("readers"), std::string::npos) << what;
}

TEST_F(StartPosition, LatestSeesEverythingSentAfterCreationReturned) {
  const auto where = queue();
  auto outbox = producer(where);
  for (int round = 0; round < 30; ++round) {
    auto inbox = consumer(where, "round" + std::to_string(round));
    outbox.send(item(round));
    ASSERT_EQ(next(inbox)->number, round);
  }
}

TEST_F(StartPosition, LatestSkipsWhatCameBefore) {
  const auto where = queue();
  auto outbox = producer(where);
  auto keeper = consumer(where, "keeper");
  send_range(outbox, 1, 10);
  auto inbox = consumer(where);
  outbox.send(item(11));
  EXPECT_EQ(next(inbox)->number, 11);
}

TEST_F(StartPosition, EarliestSeesAllThatIsRetained) {
  NEEDS(earliest);
  NEEDS(history);
  const auto where = queue();
  auto outbox = producer(where);
  send_range(outbox, 1, 200);
  auto inbox = consumer(where, "late", earliest());
  EXPECT_EQ(numbers(take(inbox, 200)), range(1, 200));
  outbox.send(item(201));
  EXPECT_EQ(next(inbox)->number, 201);
}

TEST_F(StartPosition, EarliestSeesWhatOthersHaveAcknowledged) {
  NEEDS(earliest);
  NEEDS(history);
  const auto where = queue();
  auto first = consumer(where, "first");
  auto outbox = producer(where);
  send_range(outbox, 1, 20);
  acknowledge_all(first, take(first, 20));
  auto second = consumer(where, "second", earliest());
  EXPECT_EQ(numbers(take(second, 20)), range(1, 20));
}

TEST_F(StartPosition, EarliestIsHeldOverARestart) {
  NEEDS(earliest);
  NEEDS(history);
  NEEDS(durable);
  const auto where = queue();
  {
    auto outbox = producer(where);
    send_range(outbox, 1, 20);
  }
  restart_broker();
  auto inbox = consumer(where, "late", earliest());
  EXPECT_EQ(numbers(take(inbox, 20)), range(1, 20));
}

TEST_F(StartPosition, ExistingSubscriptionResumesWhateverIsAsked) {
  const auto where = queue();
  auto first = consumer(where);
  auto outbox = producer(where);
  send_range(outbox, 1, 10);
  const auto messages = take(first, 10);
  for (std::size_t i = 0; i < 5; ++i) first.acknowledge(messages[i]);
  first.close();
  outbox.send(item(11));
  auto latest = consumer(where);
  EXPECT_EQ(numbers(take(latest, 6)), range(6, 11));
  latest.close();
  auto again = consumer(where, "readers", earliest());
  EXPECT_EQ(numbers(take(again, 6)), range(6, 11));
  EXPECT_TRUE(silent(again));
}

}  // namespace
}  // namespace omnibus::conformance
