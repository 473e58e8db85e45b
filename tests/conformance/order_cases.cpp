#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Order : public Case {
 protected:
  static ConsumerOptions by_key(Duration away) {
    return {.redelivery = {.initial = away, .maximum = away, .factor = 1, .jitter = 0}, .ordered_keys = true};
  }
};

TEST_F(Order, FirstDeliveriesFollowTheirProducer) {
  const auto where = queue();
  auto inbox = consumer(where);
  constexpr std::int64_t count = 1000;
  Crew threads;
  for (const char* name : {"left", "right"}) {
    threads.add([this, where, name, outbox = std::make_shared<Producer<Item>>(producer(where))] {
      for (std::int64_t number = 1; number <= count; ++number) outbox->send_async(item(number, name));
      outbox->flush(options().patience);
    });
  }
  std::map<std::string, std::int64_t> last;
  for (std::int64_t i = 0; i < 2 * count; ++i) {
    const auto message = next(inbox);
    ASSERT_EQ(message->number, ++last[message->source]) << message->source;
    inbox.acknowledge_async(message);
  }
}

TEST_F(Order, ConfirmedAndUnconfirmedSendsMix) {
  const auto where = queue();
  auto inbox = consumer(where);
  auto outbox = producer(where);
  for (std::int64_t number = 1; number <= 300; ++number) {
    number % 7 == 0 ? outbox.send(item(number)) : outbox.send_async(item(number));
  }
  outbox.flush();
  EXPECT_EQ(numbers(take(inbox, 300)), range(1, 300));
}

TEST_F(Order, HoldsOverTheRestartOfTheConsumer) {
  const auto where = queue();
  auto outbox = producer(where);
  std::int64_t expected = 0;
  consumer(where).close();
  send_range(outbox, 1, 90);
  for (int round = 0; round < 3; ++round) {
    auto inbox = consumer(where);
    for (const auto& message : take(inbox, 30)) {
      EXPECT_EQ(message->number, ++expected);
      inbox.acknowledge(message);
    }
  }
}

TEST_F(Order, NackedMessageComesLater) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto inbox = consumer(where, "readers", quick());
  auto outbox = producer(where);
  send_range(outbox, 1, 5);
  inbox.negative_acknowledge(next(inbox));
  auto seen = number_set(take(inbox, 5));
  EXPECT_EQ(seen, (std::set<std::int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(Order, OrderedKeysMakeOnlyTheNackedKeyWait) {
  NEEDS(ordered_keys);
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto inbox = consumer(where, "readers", by_key(400ms));
  auto outbox = producer(where);
  for (std::int64_t number = 1; number <= 6; ++number) {
    outbox.send(item(number), {.key = number % 2 != 0 ? "odd" : "even"});
  }
  const auto first = next(inbox);
  ASSERT_EQ(first->number, 1);
  inbox.negative_acknowledge(first);
  std::vector<std::int64_t> order;
  while (order.size() < 6) {
    const auto message = next(inbox);
    order.push_back(message->number);
    inbox.acknowledge(message);
  }
  EXPECT_EQ(order, (std::vector<std::int64_t>{2, 4, 6, 1, 3, 5}));
}

TEST_F(Order, OrderedKeysHoldWithTwoConsumers) {
  NEEDS(ordered_keys);
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto left = consumer(where, "readers", by_key(20ms));
  auto right = consumer(where, "readers", by_key(20ms));
  auto outbox = producer(where);
  for (std::int64_t number = 0; number < 200; ++number) {
    outbox.send(item(number), {.key = "key" + std::to_string(number % 5)});
  }
  std::map<std::int64_t, std::int64_t> settled;  // per key: the last number
  std::size_t count = 0;
  const auto deadline = deadline_after(options().patience);
  while (count < 200) {
    ASSERT_LT(Clock::now(), deadline) << "only " << count << " messages came";
    for (auto* inbox : {&left, &right}) {
      const auto message = inbox->poll(10ms);
      if (!message) continue;
      const auto number = (*message)->number;
      if (number % 11 == 3 && message->attempt() == 1) {
        inbox->negative_acknowledge(*message);
        continue;
      }
      const auto [last, fresh] = settled.emplace(number % 5, number);
      EXPECT_TRUE(fresh || last->second == number - 5) << number << " after " << last->second;
      last->second = number;
      inbox->acknowledge(*message);
      ++count;
    }
  }
}

TEST_F(Order, KeyArrives) {
  const auto where = queue();
  auto inbox = consumer(where);
  auto outbox = producer(where);
  const std::vector<std::string> keys{"", "k", "ключ", std::string(100, 'k'), "a/b:c d"};
  for (const auto& key : keys) outbox.send(item(1), {.key = key});
  for (const auto& key : keys) EXPECT_EQ(next(inbox).key(), key);
}

}  // namespace
}  // namespace omnibus::conformance
