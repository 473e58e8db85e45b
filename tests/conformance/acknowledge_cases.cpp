#include <future>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Acknowledge : public Case {
 protected:
  static ConsumerOptions timed() {
    auto options = quick();
    options.ack_timeout = 250ms;
    return options;
  }
};
class Credit : public Case {};

TEST_F(Acknowledge, IsIdempotent) {
  const auto where = queue();
  auto inbox = consumer(where);
  auto outbox = producer(where);
  send_range(outbox, 1, 2);
  const auto messages = take(inbox, 2);
  for (int i = 0; i < 3; ++i) inbox.acknowledge(messages[0]);
  inbox.close();
  auto again = consumer(where);
  EXPECT_EQ(next(again)->number, 2) << "a double acknowledgement was applied to another message";
  EXPECT_TRUE(silent(again));
}

TEST_F(Acknowledge, ReportsToItsCompletion) {
  const auto where = queue();
  auto inbox = consumer(where);
  producer(where).send(item(1));
  const auto message = next(inbox);
  for (int i = 0; i < 2; ++i) {
    auto succeeded = std::make_shared<std::promise<bool>>();
    auto future = succeeded->get_future();
    inbox.acknowledge_async(message,
                            [succeeded](const Error* error) { succeeded->set_value(error == nullptr); });
    ASSERT_EQ(future.wait_for(options().patience), std::future_status::ready);
    EXPECT_TRUE(future.get());
  }
}

TEST_F(Acknowledge, AfterRedeliveryToAnotherIsStale) {
  NEEDS(ack_timeout);
  const auto where = queue();
  auto first = consumer(where, "readers", timed());
  producer(where).send(item(1));
  const auto lost = next(first);
  auto second = consumer(where, "readers", timed());
  const auto held = next(second);
  ASSERT_EQ(held->number, 1);
  EXPECT_TRUE(fails_with(ErrorCode::stale_ack, [&] { first.acknowledge(lost); }));
  second.close();
  auto third = consumer(where);
  EXPECT_EQ(next(third)->number, 1) << "a stale acknowledgement settled the message of another consumer";
}

TEST_F(Acknowledge, AfterNackAndRedeliveryIsStale) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto first = consumer(where, "readers", quick({.window = 1}));
  producer(where).send(item(1));
  const auto message = next(first);
  auto blocker = consumer(where, "readers", quick());
  first.negative_acknowledge(message);
  const auto again = first.poll(200ms);
  const auto held = again ? std::nullopt : blocker.poll(options().patience);
  ASSERT_TRUE(again || held);
  EXPECT_TRUE(fails_with(ErrorCode::stale_ack, [&] { first.acknowledge(message); }));
  first.close();
  blocker.close();
  auto third = consumer(where);
  EXPECT_EQ(next(third)->number, 1);
}

TEST_F(Acknowledge, NackOfAnAcknowledgedMessageBringsNothingBack) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto inbox = consumer(where, "readers", quick());
  producer(where).send(item(1));
  const auto message = next(inbox);
  inbox.acknowledge(message);
  error_of([&] { inbox.negative_acknowledge(message); });
  EXPECT_TRUE(silent(inbox));
}

TEST_F(Acknowledge, AfterCloseIsClosed) {
  const auto where = queue();
  auto inbox = consumer(where, "readers", quick());
  producer(where).send(item(1));
  const auto message = next(inbox);
  inbox.close();
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { inbox.acknowledge(message); }));
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { inbox.negative_acknowledge(message); }));
  auto again = consumer(where);
  EXPECT_EQ(next(again)->number, 1);
}

TEST_F(Acknowledge, OfAnotherConsumersMessageSettlesNothingElse) {
  const auto left_queue = queue("left"), right_queue = queue("right");
  auto left = consumer(left_queue);
  auto right = consumer(right_queue);
  producer(left_queue).send(item(1));
  producer(right_queue).send(item(2));
  const auto mine = next(left);
  const auto yours = next(right);
  error_of([&] { right.acknowledge(mine); });
  left.close();
  right.close();
  auto again = consumer(right_queue);
  EXPECT_EQ(next(again)->number, 2) << "the acknowledgement of another queue's message was applied here";
}

TEST_F(Acknowledge, HoldsOverTheRestartOfTheBroker) {
  NEEDS_MORE_THAN_WEAKER(durable);
  const auto where = queue();
  {
    auto inbox = consumer(where);
    auto outbox = producer(where);
    send_range(outbox, 1, 100);
    for (const auto& message : take(inbox, 100)) {
      if (message->number % 3 != 0) inbox.acknowledge(message);
    }
  }
  restart_broker();
  auto inbox = consumer(where);
  const auto again = take(inbox, 33);
  for (const auto& message : again) EXPECT_EQ(message->number % 3, 0);
  EXPECT_TRUE(silent(inbox));
}

TEST_F(Credit, WindowBoundsWhatIsUnacknowledged) {
  const auto where = queue();
  auto slow = consumer(where, "readers", {.window = 10});
  auto outbox = producer(where);
  send_range(outbox, 1, 40);
  const auto held = take(slow, 10);
  EXPECT_TRUE(silent(slow)) << "more than the window was delivered";
  for (std::size_t i = 0; i < 5; ++i) slow.acknowledge(held[i]);
  EXPECT_EQ(numbers(take(slow, 5)), range(11, 15));
  EXPECT_TRUE(silent(slow));
}

TEST_F(Credit, SlowConsumerDoesNotHoldUpTheOthers) {
  const auto where = queue();
  auto slow = consumer(where, "readers", {.window = 5});
  auto outbox = producer(where);
  send_range(outbox, 1, 5);
  take(slow, 5);
  auto fast = consumer(where);
  send_range(outbox, 6, 200);
  for (std::int64_t number = 6; number <= 200; ++number) {
    const auto message = next(fast);
    EXPECT_EQ(message->number, number);
    fast.acknowledge(message);
  }
}

TEST_F(Credit, NackGivesRoom) {
  NEEDS(negative_acknowledge);
  const auto where = queue();
  auto inbox =
      consumer(where, "readers",
               {.window = 1, .redelivery = {.initial = 1h, .maximum = 1h, .factor = 1, .jitter = 0}});
  auto outbox = producer(where);
  send_range(outbox, 1, 3);
  for (std::int64_t number = 1; number <= 3; ++number) {
    const auto message = next(inbox);
    EXPECT_EQ(message->number, number);
    inbox.negative_acknowledge(message);
  }
}

}  // namespace
}  // namespace omnibus::conformance
