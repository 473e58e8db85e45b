#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class SendingOptions : public Case {};
class LinkLoss : public Case {};

TEST_F(SendingOptions, DelayedMessageComesNotBefore) {
  NEEDS(delayed_send);
  auto inbox = consumer(queue());
  auto outbox = producer(queue());
  const auto start = Clock::now();
  outbox.send(item(1), {.delay = 300ms});
  outbox.send(item(2));
  EXPECT_EQ(next(inbox)->number, 2) << "a delayed message holds up others";
  EXPECT_EQ(next(inbox)->number, 1);
  EXPECT_GE(Clock::now() - start, 295ms);
}

TEST_F(SendingOptions, DelayHoldsOverARestart) {
  NEEDS(delayed_send);
  NEEDS(durable);
  consumer(queue()).close();
  const auto start = Clock::now();
  producer(queue()).send(item(1), {.delay = 700ms});
  restart_broker();
  auto inbox = consumer(queue());
  EXPECT_EQ(next(inbox)->number, 1);
  EXPECT_GE(Clock::now() - start, 695ms);
}

TEST_F(SendingOptions, EachCompletionRunsOnce) {
  constexpr std::size_t count = 2000;
  for (const bool inlined : {false, true}) {
    const auto where = queue(inlined ? "inline" : "posted");
    auto inbox = consumer(where, "readers", {.window = count});
    auto outbox = producer(where, {.window = 50, .inline_completion = inlined});
    Tally tally(count);
    std::atomic<int> failures = 0;
    for (std::size_t number = 0; number < count; ++number) {
      outbox.send_async(item(static_cast<std::int64_t>(number)), {}, [&, number](const Error* error) {
        if (error != nullptr) ++failures;
        tally.count(number);
      });
    }
    outbox.flush();
    eventually("every completion ran", [&] { return tally.distinct() == count; });
    EXPECT_EQ(tally.duplicated(), 0u);
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(numbers(take(inbox, count)), range(0, count - 1));
  }
}

TEST_F(SendingOptions, SendAsyncKeepsItsOrder) {
  auto inbox = consumer(queue(), "readers", {.window = 5000});
  auto outbox = producer(queue(), {.window = 16, .batch_messages = 7});
  send_range(outbox, 1, 3000);
  EXPECT_EQ(numbers(take(inbox, 3000)), range(1, 3000));
}

TEST_F(SendingOptions, FullWindowIsToldByOption) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.window = 2, .block_when_full = false});
  // A backend that confirms before the call returns never fills the window; one that does not is outrun.
  std::vector<std::int64_t> accepted;
  for (std::int64_t number = 0; number < 500; ++number) {
    const auto full = error_of([&] { outbox.send_async(item(number)); });
    if (!full) {
      accepted.push_back(number);
      continue;
    }
    ASSERT_EQ(full->code(), ErrorCode::would_block) << full->what();
    EXPECT_TRUE(full->retryable());
  }
  outbox.flush();
  report("refused because the window was full", 500 - accepted.size());
  EXPECT_EQ(numbers(take(inbox, accepted.size())), accepted);
  EXPECT_TRUE(silent(inbox)) << "a refused message was sent";
}

TEST_F(SendingOptions, FullWindowWaitsByDefault) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.window = 2, .window_bytes = 300});
  for (std::int64_t number = 1; number <= 200; ++number)
    outbox.send_async(item(number, "p", std::string(200, 'w')));
  outbox.flush();
  EXPECT_EQ(numbers(take(inbox, 200)), range(1, 200));
}

TEST_F(SendingOptions, LingerEndsByItself) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.linger = 30ms});
  outbox.send_async(item(1));
  EXPECT_EQ(next(inbox)->number, 1);
}

TEST_F(SendingOptions, SequencesNeedNotBeDense) {
  NEEDS(send_deduplication);
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.name = "writer"});
  for (const std::uint64_t sequence : {1u, 5u, 1000u, 4'000'000'000u}) {
    outbox.send(item(static_cast<std::int64_t>(sequence)), {.sequence = sequence});
  }
  EXPECT_EQ(numbers(take(inbox, 4)), (std::vector<std::int64_t>{1, 5, 1000, 4'000'000'000}));
}

TEST_F(SendingOptions, FlushOfNothingReturns) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue());
  outbox.flush();
  outbox.send(item(1));
  outbox.flush();
  outbox.flush();
}

TEST_F(LinkLoss, ProducersAndConsumersOutliveABrokerRestart) {
  NEEDS(link_loss);
  NEEDS(durable);
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.send_timeout = 3 * options().patience});
  send_range(outbox, 1, 10);
  harness().stop();
  for (std::int64_t number = 11; number <= 20; ++number) outbox.send_async(item(number));
  harness().start();
  outbox.flush(options().patience);
  std::set<std::int64_t> seen;
  while (seen.size() < 20) {
    const auto message = next(inbox);
    seen.insert(message->number);
    inbox.acknowledge_async(message);
  }
}

TEST_F(LinkLoss, BlockedCallsEndAtTheirDeadline) {
  NEEDS(link_loss);
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.send_timeout = 500ms});
  harness().stop();
  EXPECT_TRUE(fails_with(ErrorCode::unavailable, [&] { outbox.send(item(1)); }));
  EXPECT_TRUE(fails_with(ErrorCode::unavailable, [&] { inbox.receive(500ms); }));
  harness().start();
}

TEST_F(LinkLoss, FailFastDoesNotWait) {
  NEEDS(link_loss);
  auto outbox = producer(queue(), {.fail_fast = true, .send_timeout = 1h});
  harness().stop();
  eventually("a send fails at once",
             [&] { return fails_with(ErrorCode::unavailable, [&] { outbox.send(item(1)); }); });
  harness().start();
}

TEST_F(LinkLoss, AcknowledgementAfterReconnectIsApplied) {
  NEEDS(link_loss);
  NEEDS(ack_after_reconnect);
  auto inbox = consumer(queue());
  producer(queue()).send(item(1));
  const auto message = next(inbox);
  harness().stop();
  harness().start();
  eventually("the link is up again", [&] { return !error_of([&] { inbox.acknowledge(message); }); });
  inbox.close();
  auto again = consumer(queue());
  EXPECT_TRUE(silent(again));
}

}  // namespace
}  // namespace omnibus::conformance
