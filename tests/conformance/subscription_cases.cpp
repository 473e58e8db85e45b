#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Subscriptions : public Case {
 protected:
  static ConsumerOptions ephemeral(Duration expiry = Duration::zero()) {
    return {.lifetime = Lifetime::ephemeral, .expiry = expiry};
  }
  /// To nobody: some brokers tell.
  static void send_unheard(Producer<Item>& outbox, const Item& sent) {
    const auto error = error_of([&] { outbox.send(sent); });
    if (error) {
      EXPECT_EQ(error->code(), ErrorCode::no_subscription) << error->what();
    }
  }
  bool listed(const QueueName& where, const std::string& subscription) {
    return bus().statistics(where).subscriptions.count(subscription) > 0;
  }
};

TEST_F(Subscriptions, EachSeesEveryMessage) {
  const auto where = queue();
  auto first = consumer(where, "first");
  auto second = consumer(where, "second");
  auto outbox = producer(where);
  send_range(outbox, 1, 50);
  const auto one = take(first, 50);
  const auto two = take(second, 50);
  EXPECT_EQ(numbers(one), range(1, 50));
  EXPECT_EQ(numbers(two), range(1, 50));
  acknowledge_all(first, one);
  first.close();
  second.close();
  auto again = consumer(where, "second");
  EXPECT_EQ(take(again, 50).size(), 50u) << "another subscription's acknowledgement was applied";
}

TEST_F(Subscriptions, DurableOutlivesItsConsumer) {
  const auto where = queue();
  consumer(where).close();
  auto outbox = producer(where);
  send_range(outbox, 1, 5);
  auto inbox = consumer(where);
  EXPECT_EQ(numbers(take(inbox, 5)), range(1, 5));
}

TEST_F(Subscriptions, EphemeralGoesWithItsLastConsumer) {
  NEEDS(ephemeral);
  const auto where = queue();
  auto first = consumer(where, "brief", ephemeral());
  auto second = consumer(where, "brief", ephemeral());
  auto outbox = producer(where);
  first.close();
  outbox.send(item(1));
  EXPECT_EQ(next(second)->number, 1) << "it went before its last consumer";
  second.close();
  send_unheard(outbox, item(2));
  auto third = consumer(where, "brief", ephemeral());
  outbox.send(item(3));
  EXPECT_EQ(next(third)->number, 3);
  EXPECT_TRUE(silent(third));
}

TEST_F(Subscriptions, EphemeralGoesWithItsConnection) {
  NEEDS(ephemeral);
  NEEDS(statistics);
  const auto where = queue();
  auto other = connect();
  auto inbox = other.create_consumer<Item>(where, "brief", ephemeral());
  EXPECT_TRUE(listed(where, "brief"));
  other.close();
  eventually("the subscription is gone", [&] { return !listed(where, "brief"); });
}

TEST_F(Subscriptions, EphemeralGoesWithItsKilledProcess) {
  NEEDS(ephemeral);
  NEEDS(durable);
  NEEDS(statistics);
  const auto where = queue();
  auto victim = worker("consume", where, {{"subscription", "brief"}, {"lifetime", "ephemeral"}});
  victim->await("ready");
  ASSERT_TRUE(listed(where, "brief"));
  victim->kill();
  eventually("the dead consumer's subscription is gone", [&] { return !listed(where, "brief"); });
}

TEST_F(Subscriptions, GeneratedNamesAreDistinctAndEphemeral) {
  NEEDS(ephemeral);
  const auto where = queue();
  auto first = consumer(where, "");
  auto second = consumer(where, "");
  EXPECT_FALSE(first.subscription().empty());
  EXPECT_NE(first.subscription(), second.subscription());
  auto outbox = producer(where);
  send_range(outbox, 1, 3);
  EXPECT_EQ(numbers(take(first, 3)), range(1, 3));
  EXPECT_EQ(numbers(take(second, 3)), range(1, 3));
  const auto name = first.subscription();
  first.close();
  if (!features().has(Feature::statistics)) return;
  eventually("the generated subscription is gone", [&] { return !listed(where, name); });
}

TEST_F(Subscriptions, EphemeralStaysForItsExpiry) {
  NEEDS(ephemeral);
  const auto where = queue();
  consumer(where, "brief", ephemeral(10min)).close();
  producer(where).send(item(1));
  auto again = consumer(where, "brief", ephemeral(10min));
  EXPECT_EQ(next(again)->number, 1);
}

TEST_F(Subscriptions, EphemeralExpires) {
  NEEDS(ephemeral);
  NEEDS(statistics);
  const auto where = queue();
  consumer(where, "brief", ephemeral(100ms)).close();
  eventually("it expired", [&] { return !listed(where, "brief"); });
}

TEST_F(Subscriptions, UnsubscribeRemovesItWithAllItHolds) {
  const auto where = queue();
  auto inbox = consumer(where);
  auto outbox = producer(where);
  send_range(outbox, 1, 5);
  inbox.unsubscribe();
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { inbox.receive(); }));
  auto fresh = consumer(where);
  outbox.send(item(6));
  EXPECT_EQ(next(fresh)->number, 6);
  EXPECT_TRUE(silent(fresh));
}

TEST_F(Subscriptions, AreMadeWithoutAConsumer) {
  NEEDS(subscriptions_api);
  const auto where = queue();
  bus().create_subscription(where, "early");
  bus().create_subscription(where, "early");
  producer(where).send(item(1));
  bus().create_subscription(where, "early");
  auto inbox = consumer(where, "early");
  EXPECT_EQ(next(inbox)->number, 1);
}

TEST_F(Subscriptions, AreRemovedWithoutAConsumer) {
  NEEDS(subscriptions_api);
  const auto where = queue();
  bus().remove_subscription(where, "never-made");
  bus().create_subscription(where, "early");
  producer(where).send(item(1));
  bus().remove_subscription(where, "early");
  bus().remove_subscription(where, "early");
  auto inbox = consumer(where, "early");
  EXPECT_TRUE(silent(inbox));
}

TEST_F(Subscriptions, SurviveTheRestartOfTheBroker) {
  NEEDS(durable);
  const auto where = queue();
  consumer(where, "kept").close();
  restart_broker();
  producer(where).send(item(1));
  restart_broker();
  auto inbox = consumer(where, "kept");
  EXPECT_EQ(next(inbox)->number, 1);
}

TEST_F(Subscriptions, EphemeralGoesWithTheRestartOfTheBroker) {
  NEEDS(ephemeral);
  NEEDS(durable);
  const auto where = queue();
  consumer(where, "brief", ephemeral());
  restart_broker();
  auto outbox = producer(where);
  send_unheard(outbox, item(1));
  auto inbox = consumer(where, "brief", ephemeral());
  EXPECT_TRUE(silent(inbox));
}

}  // namespace
}  // namespace omnibus::conformance
