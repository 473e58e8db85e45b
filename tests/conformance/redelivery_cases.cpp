#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class NegativeAck : public Case {
 protected:
  ConsumerOptions away(Duration delay) {
    return {.redelivery = {.initial = delay, .maximum = delay, .factor = 1, .jitter = 0}};
  }
};
class Attempts : public Case {};
class LongHandler : public Case {};

TEST_F(NegativeAck, ComesBackNotBeforeItsBackOff) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto inbox = consumer(where, "readers", away(300ms));
  producer(where).send(item(1));
  const auto message = next(inbox);
  const auto start = Clock::now();
  inbox.negative_acknowledge(message);
  EXPECT_EQ(next(inbox)->number, 1);
  // Brokers count whole milliseconds.
  EXPECT_GE(Clock::now() - start, 295ms);
}

TEST_F(NegativeAck, OthersAreNotHeldUp) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto inbox = consumer(where, "readers", away(1h));
  auto outbox = producer(where);
  send_range(outbox, 1, 10);
  inbox.negative_acknowledge(next(inbox));
  EXPECT_EQ(numbers(take(inbox, 9)), range(2, 10));
}

TEST_F(NegativeAck, BackOffGrows) {
  NEEDS(negative_acknowledge);
  NEEDS(attempts);
  const auto where = queue();
  auto inbox = consumer(where, "readers",
                        {.redelivery = {.initial = 50ms, .maximum = 150ms, .factor = 2, .jitter = 0}});
  producer(where).send(item(1));
  auto message = next(inbox);
  for (const auto least : {50ms, 100ms, 150ms, 150ms}) {
    const auto start = Clock::now();
    inbox.negative_acknowledge(message);
    message = next(inbox);
    EXPECT_GE(Clock::now() - start, least - 5ms);
  }
}

TEST_F(NegativeAck, GoesToAnyConsumer) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto first = consumer(where, "readers", quick());
  producer(where).send(item(1));
  const auto message = next(first);
  auto second = consumer(where, "readers", quick());
  first.negative_acknowledge(message);
  first.close();
  EXPECT_EQ(next(second)->number, 1);
}

TEST_F(NegativeAck, NackThenAckOfTheNextThenConsumerRestart) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto first = consumer(where, "readers", away(300ms));
  auto outbox = producer(where);
  send_range(outbox, 1, 2);
  const auto messages = take(first, 2);
  first.negative_acknowledge(messages[0]);
  first.acknowledge(messages[1]);
  first.close();
  auto second = consumer(where, "readers", quick());
  EXPECT_EQ(next(second)->number, 1);
  EXPECT_TRUE(silent(second));
}

TEST_F(NegativeAck, NackThenAckOfTheNextThenBrokerRestart) {
  NEEDS(negative_acknowledge);
  NEEDS_MORE_THAN_WEAKER(durable);
  const auto where = queue();
  {
    auto first = consumer(where, "readers", away(300ms));
    auto outbox = producer(where);
    send_range(outbox, 1, 2);
    const auto messages = take(first, 2);
    first.negative_acknowledge(messages[0]);
    first.acknowledge(messages[1]);
  }
  restart_broker();
  auto second = consumer(where, "readers", quick());
  EXPECT_EQ(next(second)->number, 1);
  EXPECT_TRUE(silent(second));
}

TEST_F(NegativeAck, NackThenAckOfTheNextThenKill) {
  NEEDS(negative_acknowledge);
  NEEDS(durable);
  const auto where = queue();
  consumer(where).close();
  auto outbox = producer(where);
  send_range(outbox, 1, 2);
  auto victim = worker("consume", where, {{"ack", "sort"}, {"count", "2"}, {"backoff", "300"}});
  victim->await("done");
  victim->kill();
  auto second = consumer(where, "readers", quick());
  EXPECT_EQ(next(second)->number, 1);
  EXPECT_TRUE(silent(second));
}

TEST_F(Attempts, CountUpFromOne) {
  NEEDS(attempts);
  const auto where = queue();
  auto inbox = consumer(where, "readers", quick());
  producer(where).send(item(1));
  for (std::uint32_t attempt = 1; attempt <= 4; ++attempt) {
    const auto message = next(inbox);
    EXPECT_EQ(message.attempt(), attempt);
    inbox.negative_acknowledge(message);
  }
}

TEST_F(Attempts, CountTheDeliveriesToEarlierConsumers) {
  NEEDS_MORE_THAN_WEAKER(attempts);
  const auto where = queue();
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    auto inbox = consumer(where);
    if (attempt == 1) producer(where).send(item(1));
    EXPECT_EQ(next(inbox).attempt(), attempt);
  }
}

TEST_F(Attempts, AreKeptOverARestartWhereTheyAreDurable) {
  NEEDS(attempts);
  NEEDS(durable);
  const auto where = queue();
  {
    auto inbox = consumer(where);
    producer(where).send(item(1));
    EXPECT_EQ(next(inbox).attempt(), 1u);
  }
  restart_broker();
  auto inbox = consumer(where);
  const auto attempt = next(inbox).attempt();
  if (features()[Feature::attempts].support == Support::native) {
    EXPECT_EQ(attempt, 2u);
  } else {
    EXPECT_FALSE(features()[Feature::attempts].note.empty());
  }
}

TEST_F(LongHandler, IsNotRedeliveredWhileItsProcessLives) {
  const auto where = queue();
  auto busy = consumer(where);
  producer(where).send(item(1));
  const auto message = next(busy);
  auto idle = consumer(where);
  EXPECT_FALSE(idle.poll(options().handler)) << "a message in work was given to another consumer";
  busy.acknowledge(message);
  EXPECT_TRUE(silent(idle));
}

TEST_F(LongHandler, StoppedProcessKeepsItsMessage) {
  NEEDS(durable);
  const auto where = queue();
  consumer(where).close();
  producer(where).send(item(1));
  auto frozen = worker("consume", where, {{"ack", "none"}, {"count", "1"}});
  frozen->await("done");
  frozen->freeze();
  auto idle = consumer(where);
  EXPECT_FALSE(idle.poll(options().handler)) << "the message of a stopped process was given away";
  frozen->thaw();
  frozen->kill();
  EXPECT_EQ(next(idle)->number, 1);
}

TEST_F(LongHandler, AckTimeoutGivesItToAnother) {
  NEEDS(ack_timeout);
  const auto where = queue();
  auto options = quick();
  options.ack_timeout = 300ms;
  auto busy = consumer(where, "readers", options);
  producer(where).send(item(1));
  const auto message = next(busy);
  auto idle = consumer(where, "readers", options);
  const auto again = next(idle);
  EXPECT_EQ(again->number, 1);
  // It may have been offered to the first consumer again in between.
  EXPECT_GT(again.attempt(), message.attempt());
}

}  // namespace
}  // namespace omnibus::conformance
