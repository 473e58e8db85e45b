#include <random>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class DeadLetter : public Case {
 protected:
  static ConsumerOptions at_most(std::uint32_t attempts) { return quick({.max_attempts = attempts}); }
  static QueueName letters_of(const QueueName& where) { return dead_letter_queue(where, "readers"); }
  /// Refuses the one message on the queue until its attempts are used up.
  static void refuse(Consumer<Item>& inbox, std::uint32_t attempts) {
    for (std::uint32_t attempt = 0; attempt < attempts; ++attempt) {
      inbox.negative_acknowledge(next(inbox), "the handler refuses");
    }
  }
};

TEST_F(DeadLetter, IsReadAtOnceByAReader) {
  const auto where = queue();
  auto letters = consumer(letters_of(where), "dead");
  auto inbox = consumer(where, "readers", at_most(3));
  producer(where).send(item(1, "p", "body"));
  refuse(inbox, 3);
  const auto letter = next(letters);
  EXPECT_EQ(letter->number, 1);
  EXPECT_EQ(letter->text, "body");
  EXPECT_TRUE(silent(inbox)) << "it is on both queues";
}

TEST_F(DeadLetter, IsKeptWithoutAReader) {
  const auto where = queue();
  auto inbox = consumer(where, "readers", at_most(2));
  producer(where).send(item(1));
  refuse(inbox, 2);
  EXPECT_TRUE(silent(inbox));
  inbox.close();
  auto letters = consumer(letters_of(where), "dead");
  EXPECT_EQ(next(letters)->number, 1);
}

TEST_F(DeadLetter, TellsReasonAttemptsAndOrigin) {
  const auto where = queue();
  auto letters = consumer(letters_of(where), "dead");
  auto inbox = consumer(where, "readers", at_most(2));
  producer(where).send(item(1), {.properties = {{"mine", "kept"}}, .key = "the key"});
  refuse(inbox, 2);
  const auto letter = next(letters);
  EXPECT_EQ(letter.properties().value_or("mine", ""), "kept");
  EXPECT_EQ(letter.key(), "the key");
  bool reason = false, attempts = false, origin = false;
  for (const auto& [key, value] : letter.properties()) {
    if (!key.starts_with("omnibus-")) continue;
    reason = reason || value.find("the handler refuses") != std::string::npos;
    attempts = attempts || (key.find("attempt") != std::string::npos && value == "2");
    origin = origin || value == where.str();
  }
  EXPECT_TRUE(reason);
  EXPECT_TRUE(attempts);
  EXPECT_TRUE(origin);
}

TEST_F(DeadLetter, OnlyTheRefusedMessageGoes) {
  const auto where = queue();
  auto letters = consumer(letters_of(where), "dead");
  auto inbox = consumer(where, "readers", at_most(1));
  auto outbox = producer(where);
  send_range(outbox, 1, 20);
  for (const auto& message : take(inbox, 20)) {
    message->number % 5 == 0 ? inbox.negative_acknowledge(message) : inbox.acknowledge(message);
  }
  EXPECT_EQ(number_set(take(letters, 4)), (std::set<std::int64_t>{5, 10, 15, 20}));
  EXPECT_TRUE(silent(letters));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(DeadLetter, EachSubscriptionHasItsOwn) {
  const auto where = queue();
  auto one = consumer(where, "one", at_most(1));
  auto two = consumer(where, "two", at_most(1));
  producer(where).send(item(1));
  one.negative_acknowledge(next(one));
  two.acknowledge(next(two));
  auto first = consumer(dead_letter_queue(where, "one"), "dead", earliest());
  EXPECT_EQ(next(first)->number, 1);
  auto second = consumer(dead_letter_queue(where, "two"), "dead", earliest());
  EXPECT_TRUE(silent(second));
}

TEST_F(DeadLetter, UnlimitedAttemptsByDefault) {
  const auto where = queue();
  auto inbox = consumer(where, "readers", quick());
  producer(where).send(item(1));
  refuse(inbox, 12);
  EXPECT_EQ(next(inbox)->number, 1);
}

TEST_F(DeadLetter, TakesWhatCannotBeDecoded) {
  const auto where = queue();
  auto letters = bus().create_consumer<Raw>(letters_of(where), "dead");
  auto inbox = consumer(where, "readers", at_most(2));
  bus().create_producer<Raw>(where).send({.bytes = "{ this is no item"});
  producer(where).send(item(2));
  EXPECT_EQ(next(inbox)->number, 2) << "a message that cannot be decoded blocks the others";
  EXPECT_FALSE(inbox.poll(options().quiet));
  EXPECT_EQ(next(letters)->bytes, "{ this is no item");
}

TEST_F(DeadLetter, MessageIsGoneFromItsQueueAfterARestart) {
  NEEDS(durable);
  const auto where = queue();
  {
    auto inbox = consumer(where, "readers", at_most(1));
    producer(where).send(item(1));
    refuse(inbox, 1);
  }
  restart_broker();
  auto letters = consumer(letters_of(where), "dead");
  EXPECT_EQ(next(letters)->number, 1);
  auto inbox = consumer(where, "readers", at_most(1));
  EXPECT_TRUE(silent(inbox));
}

TEST_F(DeadLetter, MessageStaysWhileNoCopyIsPossible) {
  NEEDS(history);
  const auto url = harness().bounded({.retention_bytes = 10'000, .hard_limit_bytes = 300'000});
  if (!url) NEEDS_MORE_THAN_WEAKER(history);
  ASSERT_TRUE(url) << "the harness of this backend gives no broker with small limits";
  auto small = connect(*url);
  const auto where = queue();
  auto letters = small.create_consumer<Item>(letters_of(where), "dead");
  auto inbox = small.create_consumer<Item>(where, "readers", at_most(1));
  auto outbox = small.create_producer<Item>(where);
  std::int64_t stored = 0;
  const auto full = error_of([&] {
    for (; stored < 200; ++stored)
      outbox.send(item(stored + 1, "p", std::string(10'000, 'd')), {.timeout = 2s});
  });
  ASSERT_TRUE(full) << "the limit was never reached";
  const auto messages = take(inbox, static_cast<std::size_t>(stored));
  inbox.negative_acknowledge_async(messages.front(), "refused while there is no room");
  EXPECT_TRUE(silent(letters)) << "a copy went over the limit";
  for (std::size_t i = 1; i < messages.size(); ++i) inbox.acknowledge(messages[i]);
  eventually("the copy is made when there is room again", [&] {
    if (const auto again = inbox.poll()) inbox.negative_acknowledge(*again, "still refused");
    const auto letter = letters.poll(10ms);
    return letter && (*letter)->number == 1;
  });
}

TEST_F(DeadLetter, NothingIsLostWhenTheProcessDiesMeanwhile) {
  NEEDS(durable);
  constexpr std::size_t batch = 60;
  const auto count = batch * options().rounds;
  const auto where = queue();
  consumer(where).close();
  auto outbox = producer(where);
  const Worker::Arguments refusing{{"ack", "nack"}, {"attempts", "2"}, {"window", "10"}};
  std::mt19937_64 random(options().seed);
  for (std::size_t round = 0; round < options().rounds; ++round) {
    // Each round has messages of its own: those before may have dealt with all that was there.
    const auto first = static_cast<std::int64_t>(round * batch);
    send_range(outbox, first, first + static_cast<std::int64_t>(batch) - 1);
    auto victim = worker("consume", where, refusing);
    for (auto lines = random() % batch; lines > 0; --lines) victim->line();
    victim->kill();
  }
  auto last = worker("consume", where, refusing);
  Tally tally(count);
  auto letters = consumer(letters_of(where), "dead", earliest());
  while (tally.lost() > 0) {
    const auto letter = next(letters);
    tally.count(static_cast<std::size_t>(letter->number));
    letters.acknowledge(letter);
  }
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.strange(), 0u);
}

}  // namespace
}  // namespace omnibus::conformance
