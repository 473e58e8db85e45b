#include <future>

#include "conformance/case.hpp"
#include "conformance/seam.hpp"

namespace omnibus::conformance {
namespace {

class SendOnce : public Case {};
class Transactions : public Case {};
class DerivedOnce : public Case {};
class HandlerEffects : public Case {};

SendOptions numbered(std::uint64_t sequence) { return {.sequence = sequence}; }

TEST_F(SendOnce, SequenceSentTwiceIsStoredOnce) {
  NEEDS(send_deduplication);
  const auto where = queue("queue", Qos::exactly_once);
  auto inbox = consumer(where);
  auto outbox = producer(where, {.name = "writer"});
  for (std::int64_t number = 1; number <= 5; ++number) {
    outbox.send(item(number), numbered(static_cast<std::uint64_t>(number)));
    outbox.send(item(number), numbered(static_cast<std::uint64_t>(number)));
  }
  EXPECT_EQ(numbers(take(inbox, 5)), range(1, 5));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(SendOnce, LowerSequenceIsConfirmedAndNotStored) {
  NEEDS(send_deduplication);
  const auto where = queue("queue", Qos::exactly_once);
  auto inbox = consumer(where);
  auto outbox = producer(where, {.name = "writer"});
  outbox.send(item(1), numbered(10));
  outbox.send(item(2), numbered(9));
  outbox.send(item(3), numbered(11));
  outbox.send(item(4), numbered(1000));
  EXPECT_EQ(numbers(take(inbox, 3)), (std::vector<std::int64_t>{1, 3, 4}));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(SendOnce, ProducersOfDifferentNamesCountApart) {
  NEEDS(send_deduplication);
  const auto where = queue("queue", Qos::exactly_once);
  auto inbox = consumer(where);
  auto left = producer(where, {.name = "left"});
  auto right = producer(where, {.name = "right"});
  left.send(item(1), numbered(7));
  right.send(item(2), numbered(7));
  EXPECT_EQ(numbers(take(inbox, 2)), range(1, 2));
}

TEST_F(SendOnce, ReopenedProducerGoesOnWithItsName) {
  NEEDS(send_deduplication);
  const auto where = queue("queue", Qos::exactly_once);
  auto inbox = consumer(where);
  for (int round = 0; round < 3; ++round) {
    auto outbox = producer(where, {.name = "writer"});
    for (std::int64_t number = 1; number <= 10; ++number) {
      outbox.send(item(number), numbered(static_cast<std::uint64_t>(number)));
    }
  }
  EXPECT_EQ(numbers(take(inbox, 10)), range(1, 10));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(SendOnce, AcrossTheRestartOfTheBroker) {
  NEEDS(send_deduplication);
  NEEDS(durable);
  const auto where = queue("queue", Qos::exactly_once);
  consumer(where).close();
  for (int round = 0; round < 2; ++round) {
    {
      auto outbox = producer(where, {.name = "writer"});
      for (std::int64_t number = 1; number <= 10; ++number) {
        outbox.send(item(number), numbered(static_cast<std::uint64_t>(number)));
      }
    }
    restart_broker();
  }
  auto inbox = consumer(where);
  EXPECT_EQ(numbers(take(inbox, 10)), range(1, 10));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(SendOnce, AcrossKilledProcessesThatRepeatTheirSends) {
  NEEDS_MORE_THAN_WEAKER(send_deduplication);
  NEEDS(durable);
  constexpr std::size_t count = 200;
  const auto where = queue("queue", Qos::exactly_once);
  auto inbox = consumer(where);
  const Worker::Arguments all{
      {"name", "writer"}, {"numbered", "yes"}, {"from", "1"}, {"to", std::to_string(count)}};
  for (const char* until : {"20", "90", "150"}) {
    auto victim = worker("produce", where, all);
    while (victim->await("confirmed") != until) {
    }
    victim->kill();
  }
  worker("produce", where, all)->await("done");
  Tally tally(count);
  for (const auto& message : take(inbox, count)) tally.count(static_cast<std::size_t>(message->number - 1));
  EXPECT_TRUE(silent(inbox));
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.lost() + tally.duplicated() + tally.strange(), 0u);
}

/// A transaction over the seam: one input taken, one output sent.
class TransactionScene {
 public:
  TransactionScene(const std::string& url, const QueueName& in, const QueueName& out)
      : link_(url), out_(out), inbox_(link_, in, "readers"), begun_(link_.begin("conformance")) {}

  void relay() {
    inbox_.consumer().request(1);
    const auto input = inbox_.await(1).front();
    output_.payload = R"({"source":"t","number":2,"text":""})";
    finish([&](Completion done) { begun_->send(out_, output_, std::move(done)); });
    const std::array ids{input.ack};
    finish([&](Completion done) { begun_->acknowledge(inbox_.consumer(), ids, std::move(done)); });
  }
  void commit() {
    finish([&](Completion done) { begun_->commit(std::move(done)); });
  }
  void abort() {
    finish([&](Completion done) { begun_->abort(std::move(done)); });
  }

 private:
  Link link_;
  QueueName out_;
  Inbox inbox_;
  std::unique_ptr<driver::Transaction> begun_;
  driver::Outgoing output_;
};

TEST_F(Transactions, OutputAndAcknowledgementCommitTogether) {
  NEEDS(transactions);
  const auto in = queue("in"), out = queue("out");
  consumer(in).close();
  auto results = consumer(out);
  producer(in).send(item(1));
  {
    TransactionScene scene(harness().url(), in, out);
    scene.relay();
    EXPECT_TRUE(silent(results));
    scene.commit();
  }
  EXPECT_EQ(next(results)->number, 2);
  auto inputs = consumer(in);
  EXPECT_TRUE(silent(inputs));
}

TEST_F(Transactions, AbortLeavesNeither) {
  NEEDS(transactions);
  const auto in = queue("in"), out = queue("out");
  consumer(in).close();
  auto results = consumer(out);
  producer(in).send(item(1));
  {
    TransactionScene scene(harness().url(), in, out);
    scene.relay();
    scene.abort();
  }
  EXPECT_TRUE(silent(results));
  auto inputs = consumer(in);
  EXPECT_EQ(next(inputs)->number, 1);
}

TEST_F(Transactions, OneThatTakesLongHappensOrGivesEverythingBack) {
  NEEDS(transactions);
  const auto in = queue("in"), out = queue("out");
  auto inputs = consumer(in, "readers", quick());
  auto results = consumer(out);
  auto source = producer(in);
  for (std::int64_t number = 1; number <= 2; ++number) source.send(item(number));
  const auto first = next(inputs), second = next(inputs);
  bool happened = true;
  try {
    bus().transact([&](Transaction& transaction) {
      transaction.acknowledge(inputs, first);
      transaction.send(out, item(3));
      std::this_thread::sleep_for(7s);  // longer than the broker may allow
      transaction.acknowledge(inputs, second);
      transaction.send(out, item(4));
    });
  } catch (const Error&) {
    happened = false;
  }
  report("happened", happened ? 1 : 0);
  if (happened) {
    EXPECT_EQ(numbers(take(results, 2)), range(3, 4));
    EXPECT_TRUE(silent(inputs));
    return;
  }
  for (const auto& message : {first, second}) inputs.negative_acknowledge_async(message, "did not happen");
  auto again = numbers(take(inputs, 2));
  std::sort(again.begin(), again.end());
  EXPECT_EQ(again, range(1, 2));
  producer(out).send(item(5));
  EXPECT_EQ(next(results)->number, 5);
}

TEST_F(DerivedOnce, OutputOfAnInputHandledTwiceIsStoredOnce) {
  NEEDS(send_deduplication);
  const auto in = queue("in"), out = queue("out", Qos::exactly_once);
  auto results = consumer(out);
  auto outbox = producer(out, {.name = "relay"});
  auto inbox = consumer(in, "readers", quick());
  auto source = producer(in);
  send_range(source, 1, 3);
  for (int round = 0; round < 2; ++round) {
    for (const auto& input : take(inbox, 3)) {
      outbox.send(input.value(), numbered(static_cast<std::uint64_t>(input->number)));
      round == 0 ? inbox.negative_acknowledge(input) : inbox.acknowledge(input);
    }
  }
  EXPECT_EQ(number_set(take(results, 3)).size(), 3u);
  EXPECT_TRUE(silent(results));
}

TEST_F(DerivedOnce, RelayKilledBetweenSendAndAcknowledgement) {
  NEEDS_MORE_THAN_WEAKER(send_deduplication);
  NEEDS(durable);
  const auto in = queue("in"), out = queue("out", Qos::exactly_once);
  auto results = consumer(out);
  consumer(in).close();
  auto source = producer(in);
  send_range(source, 1, 30);
  // One message in work at a time keeps the outputs in the order of the inputs, and so their sequences.
  Worker::Arguments how{{"out", out.str()}, {"name", "relay"}, {"window", "1"}, {"sharing", "exclusive"}};
  for (const char* step : {"5", "6", "21"}) {
    how["die"] = step;
    EXPECT_NE(worker("relay", in, how)->join(), 0);
  }
  how["die"] = "-1";
  auto last = worker("relay", in, how);
  while (last->await("acked") != "30") {
  }
  EXPECT_EQ(numbers(take(results, 30)), range(1, 30));
  EXPECT_TRUE(silent(results));
}

TEST_F(HandlerEffects, AreRepeatedWhenTheHandlerEndsBeforeItsAcknowledgement) {
  const auto where = queue("queue", Qos::exactly_once);
  int effects = 0;
  auto first = consumer(where);
  producer(where).send(item(1));
  if (next(first)->number == 1) ++effects;
  first.close();
  auto second = consumer(where);
  const auto again = next(second);
  if (again->number == 1) ++effects;
  second.acknowledge(again);
  EXPECT_EQ(effects, 2) << "a message that was never acknowledged did not come back";
}

}  // namespace
}  // namespace omnibus::conformance
