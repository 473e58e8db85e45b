#include <thread>

#include "backends/embedded/tests/harness.hpp"

namespace omnibus::embedded::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

using EngineDelivery = MemoryEngine;

TEST_F(EngineDelivery, DeliversOnlyAgainstCreditAndInOrder) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  const auto out = producer(queue("a"));
  for (const auto* text : {"1", "2", "3"}) EXPECT_FALSE(send(out, text));
  EXPECT_EQ(sink.size(), 0U);
  engine->request(in, 2);
  EXPECT_EQ(sink.take_payloads(), (Texts{"1", "2"}));
  engine->request(in, 5);
  EXPECT_EQ(sink.take_payloads(), Texts{"3"});
  EXPECT_FALSE(send(out, "4"));
  EXPECT_EQ(sink.take_payloads(), Texts{"4"});
}

TEST_F(EngineDelivery, CarriesKeyPropertiesAttemptAndEveryByte) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 10);
  driver::Outgoing message;
  for (int byte = 0; byte < 256; ++byte) message.payload.push_back(static_cast<char>(byte));
  message.properties = {{"x", "1"}, {"ä", ""}};
  message.key = "k";
  EXPECT_FALSE(send(producer(queue("a")), message));
  const auto got = sink.take();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body.bytes(), message.payload);
  EXPECT_EQ(got[0].properties, message.properties);
  EXPECT_EQ(got[0].key, "k");
  EXPECT_EQ(got[0].attempt, 1U);
  EXPECT_EQ(got[0].publish_time.time_since_epoch().count(), now);
}

TEST_F(EngineDelivery, GivesEachSubscriptionEveryMessage) {
  CollectingSink first, second;
  engine->request(consumer(queue("a"), "s", first), 10);
  engine->request(consumer(queue("a", Qos::exactly_once), "t", second), 10);
  EXPECT_FALSE(send(producer(queue("a")), "x"));
  EXPECT_EQ(first.take_payloads(), Texts{"x"});
  EXPECT_EQ(second.take_payloads(), Texts{"x"}) << "q1 and q2 of one name are one queue";
}

TEST_F(EngineDelivery, SharesAmongConsumersOfOneSubscription) {
  CollectingSink first, second;
  engine->request(consumer(queue("a"), "s", first), 100);
  engine->request(consumer(queue("a"), "s", second), 100);
  const auto out = producer(queue("a"));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(send(out, std::to_string(i)));
  EXPECT_EQ(first.size() + second.size(), 20U);
  EXPECT_EQ(first.size(), 10U);
}

TEST_F(EngineDelivery, NeverExceedsTheWindow) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink, {.window = 2});
  engine->request(in, 100);
  const auto out = producer(queue("a"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(send(out, std::to_string(i)));
  auto got = sink.take();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_FALSE(acknowledge(in, {got[0].ack}));
  EXPECT_EQ(sink.take_payloads(), Texts{"2"});
}

TEST_F(EngineDelivery, RedeliversAfterNackOnlyWhatWasGivenBack) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 100);
  const auto out = producer(queue("a"));
  EXPECT_FALSE(send(out, "k"));
  EXPECT_FALSE(send(out, "k+1"));
  const auto got = sink.take();
  EXPECT_FALSE(give_back(in, got[0].ack, 500ms));
  EXPECT_FALSE(acknowledge(in, {got[1].ack}));
  advance(499);
  EXPECT_EQ(sink.size(), 0U);
  advance(1);
  const auto again = sink.take();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].body.bytes(), "k");
  EXPECT_EQ(again[0].attempt, 2U);
  EXPECT_EQ(host.armed(), 0U);
}

TEST_F(EngineDelivery, ForgetsNothingThatBecomesVisibleWhileItLooks) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 100);
  EXPECT_FALSE(send(producer(queue("a")), "x"));
  step = 1;
  for (Millis delay = 1; delay < 10; ++delay) {
    const auto got = sink.take();
    ASSERT_EQ(got.size(), 1U) << "after a delay of " << delay - 1;
    EXPECT_FALSE(give_back(in, got[0].ack, std::chrono::milliseconds(delay)));
    advance(delay + 10);
  }
}

TEST_F(EngineDelivery, KeepsAckAndNackAcrossAnotherConsumer) {
  CollectingSink first, second;
  const auto in = consumer(queue("a"), "s", first);
  engine->request(in, 100);
  const auto out = producer(queue("a"));
  for (const auto* text : {"1", "2", "3"}) EXPECT_FALSE(send(out, text));
  const auto got = first.take();
  EXPECT_FALSE(give_back(in, got[0].ack, 0ms));
  EXPECT_FALSE(acknowledge(in, {got[1].ack}));
  close(in);
  engine->request(consumer(queue("a"), "s", second), 100);
  EXPECT_EQ(second.take_payloads(), (Texts{"1", "3"}));
}

TEST_F(EngineDelivery, ReleasesUnacknowledgedAtOnceWhenAConsumerCloses) {
  CollectingSink first, second;
  const auto in = consumer(queue("a"), "s", first);
  engine->request(in, 100);
  EXPECT_FALSE(send(producer(queue("a")), "x"));
  engine->request(consumer(queue("a"), "s", second), 100);
  EXPECT_EQ(second.size(), 0U);
  close(in);
  const auto got = second.take();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].attempt, 2U);
}

TEST_F(EngineDelivery, TellsRepeatedFromStaleAcknowledgements) {
  CollectingSink first, second;
  const auto slow = consumer(queue("a"), "s", first, {.ack_timeout = 100ms});
  engine->request(slow, 1);
  EXPECT_FALSE(send(producer(queue("a")), "x"));
  const auto old = first.take();
  ASSERT_EQ(old.size(), 1U);
  const auto quick = consumer(queue("a"), "s", second);
  engine->request(quick, 1);
  advance(100);
  const auto again = second.take();
  ASSERT_EQ(again.size(), 1U);
  const auto late = acknowledge(slow, {old[0].ack});
  ASSERT_TRUE(late);
  EXPECT_EQ(late->code(), ErrorCode::stale_ack);
  EXPECT_FALSE(acknowledge(quick, {again[0].ack}));
  EXPECT_FALSE(acknowledge(quick, {again[0].ack})) << "a repeated acknowledgement is fine";
  const auto later = acknowledge(slow, {old[0].ack});
  ASSERT_TRUE(later) << "somebody else settled it";
  EXPECT_EQ(later->code(), ErrorCode::stale_ack);
}

TEST_F(EngineDelivery, SettlesTheOthersBesideAStaleOne) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 2);
  const auto out = producer(queue("a"));
  EXPECT_FALSE(send(out, "1"));
  EXPECT_FALSE(send(out, "2"));
  const auto got = sink.take();
  EXPECT_FALSE(give_back(in, got[0].ack, 1s));
  const auto error = acknowledge(in, {got[0].ack, got[1].ack});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::stale_ack);
  EXPECT_EQ(engine->statistics(queue("a")).subscriptions.at("s").backlog, 1U);
}

TEST_F(EngineDelivery, NeverRedeliversAMessageInWork) {
  CollectingSink first, second;
  engine->request(consumer(queue("a"), "s", first), 10);
  EXPECT_FALSE(send(producer(queue("a")), "x"));
  engine->request(consumer(queue("a"), "s", second), 10);
  advance(1'000'000'000);
  EXPECT_EQ(first.size(), 1U);
  EXPECT_EQ(second.size(), 0U);
}

TEST_F(EngineDelivery, HoldsADelayedMessageBackAndNoOther) {
  CollectingSink sink;
  engine->request(consumer(queue("a"), "s", sink), 10);
  const auto out = producer(queue("a"));
  driver::Outgoing later;
  later.payload = "later";
  later.delay = 1s;
  EXPECT_FALSE(send(out, later));
  EXPECT_FALSE(send(out, "now"));
  EXPECT_EQ(sink.take_payloads(), Texts{"now"});
  advance(1000);
  EXPECT_EQ(sink.take_payloads(), Texts{"later"});
}

TEST_F(EngineDelivery, OrderedKeysHoldOnlyTheirKey) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink, {.ordered_keys = true});
  engine->request(in, 100);
  const auto out = producer(queue("a"));
  const auto keyed = [&](std::string payload, std::string key) {
    driver::Outgoing message;
    message.payload = std::move(payload);
    message.key = std::move(key);
    EXPECT_FALSE(send(out, message));
  };
  keyed("a1", "a");
  keyed("a2", "a");
  keyed("b1", "b");
  keyed("none", "");
  keyed("a3", "a");
  auto got = sink.take();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].body.bytes(), "a1");
  EXPECT_EQ(got[1].body.bytes(), "b1");
  EXPECT_EQ(got[2].body.bytes(), "none");
  EXPECT_FALSE(give_back(in, got[0].ack, 1s));
  EXPECT_EQ(sink.size(), 0U);
  advance(1000);
  got = sink.take();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body.bytes(), "a1");
  EXPECT_FALSE(acknowledge(in, {got[0].ack}));
  got = sink.take();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body.bytes(), "a2");
  EXPECT_FALSE(acknowledge(in, {got[0].ack}));
  EXPECT_EQ(sink.take_payloads(), Texts{"a3"});
}

TEST_F(EngineDelivery, StartsAtLatestOrEarliestAndResumes) {
  const auto out = producer(queue("a"));
  EXPECT_FALSE(send(out, "before"));
  CollectingSink latest, earliest, resumed;
  const auto first = consumer(queue("a"), "latest", latest);
  engine->request(first, 10);
  engine->request(consumer(queue("a"), "earliest", earliest, {.position = Position::earliest}), 10);
  EXPECT_EQ(latest.size(), 0U);
  EXPECT_EQ(earliest.take_payloads(), Texts{"before"});
  close(first);
  EXPECT_FALSE(send(out, "between"));
  engine->request(consumer(queue("a"), "latest", resumed, {.position = Position::latest}), 10);
  EXPECT_EQ(resumed.take_payloads(), Texts{"between"});
}

TEST_F(EngineDelivery, MakesNoSinkCallAfterClose) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 100);
  close(in);
  EXPECT_FALSE(send(producer(queue("a")), "x"));
  EXPECT_EQ(sink.size(), 0U);
  engine->request(in, 1);
  EXPECT_EQ(sink.size(), 0U);
}

TEST_F(EngineDelivery, TellsOtherConsumersThatTheirSubscriptionIsGone) {
  CollectingSink first, second;
  const auto one = consumer(queue("a"), "s", first);
  consumer(queue("a"), "s", second);
  std::optional<bool> failed;
  engine->unsubscribe(one, [&](const Error* error) { failed = error != nullptr; });
  EXPECT_EQ(failed, false);
  EXPECT_TRUE(first.failures().empty());
  ASSERT_EQ(second.failures().size(), 1U);
  EXPECT_TRUE(second.failures()[0].retryable());
  EXPECT_TRUE(engine->statistics(queue("a")).subscriptions.empty());
}

using EngineSharing = MemoryEngine;

TEST_F(EngineSharing, RefusesASecondExclusiveConsumerAndAnotherMode) {
  CollectingSink sink;
  const auto refused = [&](Sharing sharing) {
    try {
      consumer(queue("a"), "s", sink, {.sharing = sharing});
    } catch (const Error& error) {
      return error.code() == ErrorCode::conflict;
    }
    return false;
  };
  const auto only = consumer(queue("a"), "s", sink, {.sharing = Sharing::exclusive});
  EXPECT_TRUE(refused(Sharing::exclusive));
  EXPECT_TRUE(refused(Sharing::shared));
  close(only);
  EXPECT_FALSE(refused(Sharing::shared)) << "the first live consumer fixes the mode";
}

TEST_F(EngineSharing, FailoverHandsOverToTheNextAttached) {
  CollectingSink first, second, third;
  const auto one = consumer(queue("a"), "s", first, {.sharing = Sharing::failover});
  const auto two = consumer(queue("a"), "s", second, {.sharing = Sharing::failover});
  const auto three = consumer(queue("a"), "s", third, {.sharing = Sharing::failover});
  for (const auto& port : {one, two, three}) engine->request(port, 10);
  const auto out = producer(queue("a"));
  EXPECT_FALSE(send(out, "1"));
  EXPECT_EQ(first.take_payloads(), Texts{"1"});
  close(one);
  EXPECT_FALSE(send(out, "2"));
  EXPECT_EQ(second.take_payloads(), (Texts{"1", "2"}));
  EXPECT_EQ(third.size(), 0U);
}

TEST_F(EngineSharing, EphemeralSubscriptionsGoWithTheirLastConsumer) {
  CollectingSink sink;
  const auto at_once = consumer(queue("a"), "s", sink, {.lifetime = Lifetime::ephemeral});
  const auto later = consumer(queue("a"), "t", sink, {.lifetime = Lifetime::ephemeral, .expiry = 1s});
  close(at_once);
  close(later);
  EXPECT_EQ(engine->statistics(queue("a")).subscriptions.count("s"), 0U);
  EXPECT_EQ(engine->statistics(queue("a")).subscriptions.count("t"), 1U);
  close(consumer(queue("a"), "t", sink, {.lifetime = Lifetime::ephemeral, .expiry = 1s}));
  advance(999);
  EXPECT_EQ(engine->statistics(queue("a")).subscriptions.count("t"), 1U);
  advance(1);
  EXPECT_EQ(engine->statistics(queue("a")).subscriptions.count("t"), 0U);
}

class EngineBestEffort : public MemoryEngine {
 protected:
  EngineBestEffort() { best_effort = true; }
};

TEST_F(EngineBestEffort, NeedsNoAcknowledgementAndKeepsNothing) {
  const auto name = queue("a", Qos::best_effort);
  CollectingSink sink;
  const auto out = producer(name);
  EXPECT_FALSE(send(out, "nobody"));
  const auto in = consumer(name, "s", sink, {.position = Position::earliest, .window = 1});
  engine->request(in, 10);
  for (const auto* text : {"1", "2"}) EXPECT_FALSE(send(out, text));
  const auto got = sink.take();
  ASSERT_EQ(got.size(), 2U) << "the window counts acknowledgements, which best effort has not";
  EXPECT_EQ(got[1].attempt, 1U);
  EXPECT_FALSE(acknowledge(in, {got[0].ack}));
  EXPECT_FALSE(give_back(in, got[1].ack, 0ms));
  EXPECT_EQ(sink.size(), 0U);
  EXPECT_EQ(engine->statistics(name).depth, 0U);
}

TEST_F(EngineBestEffort, DropsTheOldestForASlowConsumerAndCounts) {
  const auto name = queue("a", Qos::best_effort);
  CollectingSink sink;
  const auto in = consumer(name, "s", sink);
  const auto out = producer(name);
  constexpr std::size_t extra = 10;
  for (std::size_t i = 0; i < best_effort_messages + extra; ++i) EXPECT_FALSE(send(out, std::to_string(i)));
  EXPECT_EQ(sink.dropped_count(), extra);
  engine->request(in, best_effort_messages + extra);
  const auto got = sink.take_payloads();
  ASSERT_EQ(got.size(), best_effort_messages);
  EXPECT_EQ(got.front(), std::to_string(extra));
}

using EngineSend = MemoryEngine;

TEST_F(EngineSend, StoresARepeatedSequenceOnceAlsoUnderANewProducer) {
  CollectingSink sink;
  engine->request(consumer(queue("a"), "s", sink), 10);
  const auto out = producer(queue("a"), "me");
  driver::Outgoing message;
  message.payload = "x";
  message.sequence = 7;
  EXPECT_FALSE(send(out, message));
  EXPECT_FALSE(send(out, message));
  engine->close_producer(out);
  EXPECT_FALSE(send(producer(queue("a"), "me"), message));
  EXPECT_EQ(sink.take_payloads(), Texts{"x"});
}

TEST_F(EngineSend, RefusesANameInUse) {
  producer(queue("a"), "me");
  EXPECT_NO_THROW(producer(queue("b"), "me"));
  try {
    producer(queue("a"), "me");
    FAIL() << "two producers of one name";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::conflict);
  }
}

TEST_F(EngineSend, RefusesWhatIsTooLarge) {
  const auto out = producer(queue("a"));
  EXPECT_FALSE(send(out, std::string(max_message_size, 'x')));
  const auto error = send(out, std::string(max_message_size + 1, 'x'));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::too_large);
}

class EngineLimits : public MemoryEngine {
 protected:
  EngineLimits()
      : MemoryEngine(Limits{.retention_bytes = 10'000, .retention_time = 1000, .hard_limit = 20'000}) {}
};

TEST_F(EngineLimits, KeepsHistoryWithinSizeAndTime) {
  const auto out = producer(queue("a"));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(send(out, std::string(936, 'x')));
  auto kept = engine->statistics(queue("a"));
  EXPECT_LE(kept.bytes, 10'000U);
  EXPECT_GE(kept.depth, 9U);
  now += 2000;
  CollectingSink sink;
  engine->request(consumer(queue("a"), "s", sink, {.position = Position::earliest}), 100);
  EXPECT_EQ(sink.size(), 0U) << "all of it is too old";
}

TEST_F(EngineLimits, NeverDropsWhatASubscriptionWaitsForAndRefusesBeyondTheHardLimit) {
  engine->create_subscription(queue("a"), "s", Position::latest);
  const auto out = producer(queue("a"));
  std::optional<Error> error;
  std::size_t sent = 0;
  while (!(error = send(out, std::string(936, 'x')))) ++sent;
  EXPECT_EQ(error->code(), ErrorCode::no_space);
  EXPECT_EQ(sent, 20U);
  now += 5000;
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 100);
  auto got = sink.take();
  EXPECT_EQ(got.size(), sent);
  EXPECT_FALSE(acknowledge(in, {got[0].ack}));
  EXPECT_FALSE(send(out, std::string(936, 'x')));
}

TEST_F(EngineLimits, OneStuckMessageHoldsNoOther) {
  CollectingSink sink;
  const auto in = consumer(queue("a"), "s", sink);
  engine->request(in, 1'000'000);
  const auto out = producer(queue("a"));
  EXPECT_FALSE(send(out, "stuck"));
  sink.take();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(send(out, std::string(936, 'x')));
    EXPECT_FALSE(acknowledge(in, {sink.take().at(0).ack}));
  }
  EXPECT_LE(engine->statistics(queue("a")).depth, 12U);
}

using EngineThreads = MemoryEngine;

TEST_F(EngineThreads, LosesAndDoublesNothingAmongManyProducersAndConsumers) {
  constexpr int producers = 4, each = 2000, consumers = 4;
  struct Worker final : driver::Sink {
    Engine* engine = nullptr;
    PortPtr port;
    std::mutex mutex;
    std::map<std::string, int> seen;
    void deliver(std::span<driver::Delivery> batch) noexcept override {
      std::vector<driver::AckId> ids;
      for (auto& delivery : batch) {
        const std::lock_guard lock(mutex);
        ++seen[std::string(delivery.body.bytes())];
        ids.push_back(delivery.ack);
      }
      engine->acknowledge(port, ids, [](const Error* error) { EXPECT_EQ(error, nullptr); });
      engine->request(port, batch.size());
    }
    void dropped(std::uint64_t) noexcept override {}
    void failed(const Error&) noexcept override {}
  };
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < consumers; ++i) {
    auto& worker = *workers.emplace_back(std::make_unique<Worker>());
    worker.engine = engine.get();
    worker.port = consumer(queue("a"), "s", worker);
    engine->request(worker.port, 10);
  }
  std::vector<std::jthread> threads;
  for (int p = 0; p < producers; ++p) {
    const auto id = producer(queue("a"), "p" + std::to_string(p));
    threads.emplace_back([this, id, p] {
      for (int i = 0; i < each; ++i) EXPECT_FALSE(send(id, std::to_string(p) + "-" + std::to_string(i)));
    });
  }
  threads.clear();
  std::map<std::string, int> all;
  for (auto& worker : workers) {
    close(worker->port);
    for (const auto& [text, count] : worker->seen) all[text] += count;
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(producers * each));
  for (const auto& [text, count] : all) EXPECT_EQ(count, 1) << text;
  EXPECT_EQ(engine->statistics(queue("a")).subscriptions.at("s").backlog, 0U);
}

TEST_F(EngineThreads, TenThousandQueuesWithAnIdleConsumerEach) {
  std::vector<std::unique_ptr<CollectingSink>> sinks;
  for (int i = 0; i < 10'000; ++i) {
    auto& sink = *sinks.emplace_back(std::make_unique<CollectingSink>());
    engine->request(consumer(queue("q" + std::to_string(i)), "s", sink), 1000);
  }
  EXPECT_FALSE(send(producer(queue("q7777")), "x"));
  EXPECT_EQ(sinks[7777]->take_payloads(), Texts{"x"});
}

}  // namespace
}  // namespace omnibus::embedded::test
