#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <sstream>
#include <vector>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Inline : public Case {
 protected:
  QueueName loose(std::string_view label = "queue") { return queue(label, Qos::best_effort); }

  double counted(std::string_view name) {
    std::istringstream lines(bus().metrics().text());
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(name)) sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
    return sum;
  }
};

TEST_F(Inline, EachIsHandledBeforeItsSendReturns) {
  NEEDS(inline_delivery);
  std::vector<std::int64_t> seen;
  auto inbox = bus().create_inline_consumer<Item>(
      loose(), [&](const InlineMessage<Item>& message) { seen.push_back(message->number); });
  auto outbox = producer(loose());
  for (std::int64_t number = 1; number <= 100; ++number) {
    outbox.send_async(item(number));
    ASSERT_EQ(seen, range(1, number));
  }
  outbox.send(item(101));
  EXPECT_EQ(seen, range(1, 101));
}

TEST_F(Inline, WhatCameWithTheMessageIsThere) {
  NEEDS(inline_delivery);
  std::vector<std::string> seen;
  auto inbox = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>& message) {
    seen = {message->text, message.properties().value_or("colour", ""), std::string(message.key())};
  });
  producer(loose()).send(item(1, "p", "text"), {.properties = {{"colour", "blue"}}, .key = "k"});
  EXPECT_EQ(seen, (std::vector<std::string>{"text", "blue", "k"}));
}

TEST_F(Inline, OthersGetTheSameMessages) {
  NEEDS(inline_delivery);
  std::vector<std::int64_t> first, second;
  auto outbox = producer(loose());
  auto one = bus().create_inline_consumer<Item>(
      loose(), [&](const InlineMessage<Item>& message) { first.push_back(message->number); });
  send_range(outbox, 1, 10);
  auto two = bus().create_inline_consumer<Item>(
      loose(), [&](const InlineMessage<Item>& message) { second.push_back(message->number); });
  auto inbox = consumer(loose());
  send_range(outbox, 11, 20);
  EXPECT_EQ(numbers(take(inbox, 10)), range(11, 20));
  inbox.close();
  send_range(outbox, 21, 30);
  EXPECT_EQ(first, range(1, 30));
  EXPECT_EQ(second, range(11, 30));
}

TEST_F(Inline, HandlersMaySendButNotWaitForTheirOwnSender) {
  NEEDS(inline_delivery);
  auto outbox = producer(loose());
  auto answers = producer(loose("answers"));
  std::mutex mutex;  // a long chain of sends goes on on the pool
  std::vector<std::int64_t> seen, answered;
  std::optional<Error> refused;
  auto second = bus().create_inline_consumer<Item>(loose("answers"), [&](const InlineMessage<Item>& message) {
    const std::lock_guard lock(mutex);
    answered.push_back(message->number);
  });
  auto first = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>& message) {
    const auto number = message->number;
    {
      const std::lock_guard lock(mutex);
      seen.push_back(number);
    }
    answers.send(item(number));
    if (number == 5) refused = error_of([&] { outbox.send(item(0)); });
    if (number < 2000) outbox.send_async(item(number + 1));
  });
  outbox.send_async(item(1));
  outbox.flush();
  eventually("all to be handled", [&] {
    const std::lock_guard lock(mutex);
    return answered.size() == 2000;
  });
  EXPECT_EQ(seen, range(1, 2000));
  EXPECT_EQ(answered, range(1, 2000));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), ErrorCode::would_block);
}

TEST_F(Inline, SeveralSendersLoseNothing) {
  NEEDS(inline_delivery);
  constexpr std::size_t senders = 4, each = 2000;
  Tally tally(senders * each);
  auto inbox = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>& message) {
    tally.count(static_cast<std::size_t>(message->number));
  });
  auto shared = producer(loose());
  {
    Crew crew;
    for (std::size_t sender = 0; sender < senders; ++sender) {
      crew.add([&, sender] {
        auto own = producer(loose());
        for (std::size_t i = 0; i < each; ++i) {
          (i % 2 == 0 ? own : shared).send(item(static_cast<std::int64_t>(sender * each + i)));
        }
      });
    }
  }
  EXPECT_EQ(tally.lost(), 0u);
  EXPECT_EQ(tally.duplicated(), 0u);
}

TEST_F(Inline, ConsumersThatComeAndGoMeanwhileCostNothing) {
  NEEDS(inline_delivery);
  constexpr std::size_t count = 20'000;
  Tally tally(count);
  auto inbox = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>& message) {
    tally.count(static_cast<std::size_t>(message->number));
  });
  std::atomic<bool> sending = true;
  Crew crew;
  crew.add([&] {
    while (sending) {
      const auto other = bus().create_inline_consumer<Item>(loose(), [](const InlineMessage<Item>&) {});
      const auto slow = consumer(loose(), "");
    }
  });
  auto outbox = producer(loose());
  for (std::size_t i = 0; i < count; ++i) outbox.send_async(item(static_cast<std::int64_t>(i)));
  outbox.flush();
  sending = false;
  EXPECT_EQ(tally.lost(), 0u);
  EXPECT_EQ(tally.duplicated(), 0u);
}

TEST_F(Inline, WhatAHandlerThrowsFailsNobody) {
  NEEDS(inline_delivery);
  std::vector<std::int64_t> seen;
  auto inbox = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>& message) {
    if (message->number == 2) throw std::runtime_error("no");
    seen.push_back(message->number);
  });
  auto outbox = producer(loose());
  send_range(outbox, 1, 3);
  bus().create_producer<Raw>(loose()).send(Raw{"not of this type"});
  outbox.send(item(4));
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 3, 4}));
  EXPECT_EQ(counted("omnibus_inline_failures_total"), 1);
  EXPECT_EQ(counted("omnibus_decode_errors_total"), 1);
}

TEST_F(Inline, CloseWaitsForHandlersAndNoneRunsAfterIt) {
  NEEDS(inline_delivery);
  std::promise<void> entered, leave;
  std::atomic<int> runs = 0;
  auto inbox = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>&) {
    ++runs;
    entered.set_value();
    leave.get_future().wait();
  });
  Crew crew;
  crew.add([&] { producer(loose()).send(item(1)); });
  entered.get_future().wait();
  EXPECT_EQ(inbox.close(1ms).running, 1u);
  leave.set_value();
  EXPECT_EQ(inbox.close().running, 0u);
  producer(loose()).send(item(2));
  EXPECT_EQ(runs, 1);
}

TEST_F(Inline, ClosedItLetsGoOfItsHandler) {
  NEEDS(inline_delivery);
  auto outbox = producer(loose());
  const auto held = std::make_shared<int>(0);
  auto inbox = bus().create_inline_consumer<Item>(loose(), [held](const InlineMessage<Item>&) { ++*held; });
  outbox.send(item(1));
  EXPECT_EQ(*held, 1);
  inbox.close();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Inline, AHandlerMayCloseItsOwnConsumer) {
  NEEDS(inline_delivery);
  std::optional<InlineConsumer<Item>> inbox;
  int runs = 0;
  inbox = bus().create_inline_consumer<Item>(loose(), [&](const InlineMessage<Item>&) {
    ++runs;
    inbox->close();
  });
  auto outbox = producer(loose());
  send_range(outbox, 1, 3);
  EXPECT_EQ(runs, 1);
}

TEST_F(Inline, DelayedOnesAndThoseOfTransactionsComeWhenDue) {
  NEEDS(inline_delivery);
  std::atomic<std::int64_t> last = 0;
  auto inbox = bus().create_inline_consumer<Item>(
      loose(), [&](const InlineMessage<Item>& message) { last = message->number; });
  bus().transact([&](Transaction& transaction) {
    transaction.send(loose(), item(1));
    EXPECT_EQ(last, 0);
  });
  eventually("the transaction's", [&] { return last == 1; });
  EXPECT_TRUE(error_of([&] {
    bus().transact([&](Transaction& transaction) {
      transaction.send(loose(), item(2));
      throw TimeoutError("given up");
    });
  }));
  EXPECT_EQ(last, 1);
  auto outbox = producer(loose());
  outbox.send(item(3), {.delay = 100ms});
  EXPECT_EQ(last, 1);
  eventually("the delayed one", [&] { return last == 3; });
}

TEST_F(Inline, IsRefusedWhereItCannotBe) {
  const auto nothing = [](const InlineMessage<Item>&) {};
  EXPECT_TRUE(fails_with(ErrorCode::config, [&] { bus().create_inline_consumer<Item>(queue(), nothing); }));
  if (features().has(Feature::inline_delivery)) return;
  EXPECT_TRUE(fails_with(ErrorCode::config, [&] { bus().create_inline_consumer<Item>(loose(), nothing); }));
}

}  // namespace
}  // namespace omnibus::conformance
