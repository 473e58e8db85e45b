#include <cstdlib>
#include <future>
#include <iostream>

#include "conformance/case.hpp"

namespace omnibus::conformance {
namespace {

class Close : public Case {
 protected:
  /// Runs it on a thread of its own; throws Missed when it does not end within the patience.
  template <class F>
  static auto within_patience(F work) {
    auto result = std::async(std::launch::async, std::move(work));
    if (result.wait_for(options().patience) != std::future_status::ready) {
      std::cerr << "a call hangs; the run cannot go on\n";
      std::_Exit(1);
    }
    return result.get();
  }
};

TEST_F(Close, EveryCompletionHasRunWhenItReturns) {
  constexpr int rounds = 50, each = 20;
  const auto where = queue();
  std::atomic<int> heard = 0;
  for (int round = 0; round < rounds; ++round) {
    auto outbox = producer(where);
    for (int number = 0; number < each; ++number) {
      outbox.send_async(item(number), {}, [&](const Error*) { ++heard; });
    }
    outbox.close();
    ASSERT_EQ(heard, (round + 1) * each);
  }
}

TEST_F(Close, EndsAReceiveOfAnotherThread) {
  auto inbox = consumer(queue());
  std::promise<void> entered;
  auto waiting = std::async(std::launch::async, [&] {
    entered.set_value();
    return error_of([&] { inbox.receive(1h); });
  });
  entered.get_future().wait();
  within_patience([&] { return inbox.close(); });
  const auto error = within_patience([&] { return waiting.get(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::closed) << error->what();
}

TEST_F(Close, EndsManyReceivesOfOneConsumer) {
  auto inbox = consumer(queue());
  std::vector<std::future<std::optional<Error>>> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return error_of([&] { inbox.receive(1h); }); }));
  }
  inbox.close();
  for (auto& each : waiting) {
    const auto error = within_patience([&] { return each.get(); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::closed);
  }
}

TEST_F(Close, EndsReceiveAsync) {
  auto inbox = consumer(queue());
  auto ended = std::make_shared<std::promise<ErrorCode>>();
  inbox.receive_async([ended](const Error* error, std::optional<Message<Item>> message) {
    ended->set_value(error != nullptr && !message ? error->code() : ErrorCode::internal);
  });
  inbox.close();
  EXPECT_EQ(within_patience([&] { return ended->get_future().get(); }), ErrorCode::closed);
}

TEST_F(Close, EndsASendOfAnotherThreadAndKeepsWhatWasConfirmed) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue());
  std::atomic<std::int64_t> confirmed = 0;
  auto sending = std::async(std::launch::async, [&] {
    return error_of([&] {
      for (std::int64_t number = 1;; ++number) {
        outbox.send(item(number));
        confirmed = number;
      }
    });
  });
  eventually("sends are under way", [&] { return confirmed > 20; });
  within_patience([&] { return outbox.close(); });
  const auto error = within_patience([&] { return sending.get(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::closed) << error->what();
  for (std::int64_t number = 1; number <= confirmed; ++number) {
    const auto message = next(inbox);
    ASSERT_EQ(message->number, number);
    inbox.acknowledge_async(message);
  }
}

TEST_F(Close, EndsASendAsyncThatWaitsForRoom) {
  auto outbox = producer(queue(), {.window = 2, .linger = 1h});
  auto sending = std::async(std::launch::async, [&] {
    return error_of([&] {
      for (std::int64_t number = 1;; ++number) outbox.send_async(item(number));
    });
  });
  within_patience([&] { return outbox.close(); });
  const auto error = within_patience([&] { return sending.get(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::closed);
}

TEST_F(Close, FlushesWhatWasSentBefore) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue(), {.linger = 1h});
  std::atomic<int> completed = 0;
  for (std::int64_t number = 1; number <= 100; ++number) {
    outbox.send_async(item(number), {}, [&](const Error* error) { completed += error == nullptr; });
  }
  const auto report = outbox.close();
  EXPECT_EQ(report.unsent, 0u);
  EXPECT_LE(report.flushed, 100u);
  EXPECT_EQ(numbers(take(inbox, 100)), range(1, 100));
  eventually("the completions ran", [&] { return completed == 100; });
}

TEST_F(Close, IsIdempotent) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue());
  outbox.send(item(1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(outbox.close().unsent, 0u);
    inbox.close();
  }
  auto connection = bus();
  for (int i = 0; i < 3; ++i) connection.close();
}

TEST_F(Close, EveryCallAfterwardsIsAClosedError) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue());
  outbox.close();
  inbox.close();
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { outbox.send(item(1)); }));
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { outbox.send_async(item(1)); }));
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { inbox.receive(); }));
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { inbox.poll(); }));
}

TEST_F(Close, OfTheBusEndsEverything) {
  auto connection = connect();
  auto inbox = connection.create_consumer<Item>(queue(), "readers");
  auto outbox = connection.create_producer<Item>(queue());
  auto waiting = std::async(std::launch::async, [&] { return error_of([&] { inbox.receive(1h); }); });
  within_patience([&] { return connection.close(); });
  const auto error = within_patience([&] { return waiting.get(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::closed);
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { outbox.send(item(1)); }));
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { connection.create_producer<Item>(queue()); }));
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { connection.create_consumer<Item>(queue(), "readers"); }));
}

TEST_F(Close, HandlesOutliveTheirBusObject) {
  std::optional<Bus> connection(omnibus::connect(harness().url()));
  auto inbox = connection->create_consumer<Item>(queue(), "readers");
  auto outbox = connection->create_producer<Item>(queue());
  connection.reset();
  outbox.send(item(1));
  inbox.acknowledge(next(inbox));
}

TEST_F(Close, FromACompletionDoesNotDeadlock) {
  auto inbox = consumer(queue());
  auto outbox = std::make_shared<Producer<Item>>(producer(queue()));
  auto closed = std::make_shared<std::promise<void>>();
  outbox->send_async(item(1), {}, [outbox, closed](const Error*) {
    outbox->close();
    closed->set_value();
  });
  EXPECT_EQ(closed->get_future().wait_for(options().patience), std::future_status::ready);
  EXPECT_EQ(next(inbox)->number, 1);
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { outbox->send(item(2)); }));
}

TEST_F(Close, FromAReceiveCallbackDoesNotDeadlock) {
  auto inbox = std::make_shared<Consumer<Item>>(consumer(queue()));
  auto closed = std::make_shared<std::promise<void>>();
  inbox->receive_async([inbox, closed](const Error*, std::optional<Message<Item>>) {
    inbox->close();
    closed->set_value();
  });
  producer(queue()).send(item(1));
  EXPECT_EQ(closed->get_future().wait_for(options().patience), std::future_status::ready);
  EXPECT_TRUE(fails_with(ErrorCode::closed, [&] { inbox->receive(); }));
}

TEST_F(Close, WhileMessagesPourInLosesNothing) {
  constexpr std::size_t count = 600;
  consumer(queue()).close();
  Crew source;
  source.add([this, outbox = std::make_shared<Producer<Item>>(producer(queue()))] {
    for (std::size_t number = 0; number < count; ++number)
      outbox->send_async(item(static_cast<std::int64_t>(number)));
    outbox->flush(options().patience);
  });
  Tally tally(count);
  auto deadline = deadline_after(options().patience);
  for (std::size_t round = 0; tally.lost() > 0; ++round) {
    ASSERT_LT(Clock::now(), deadline) << tally.lost() << " messages never came";
    auto inbox = consumer(queue(), "readers", {.window = 1 + round % 50});
    for (std::size_t i = 0; i < 40; ++i) {
      const auto message = inbox.poll(50ms);
      if (!message) break;
      tally.count(static_cast<std::size_t>((*message)->number));
      inbox.acknowledge(*message);
      deadline = deadline_after(options().patience);
    }
  }
  report("lost", tally.lost());
  report("duplicated", tally.duplicated());
  EXPECT_EQ(tally.duplicated(), 0u) << "acknowledged messages came again";
}

TEST_F(Close, ByManyThreadsAtOnce) {
  for (int round = 0; round < 10; ++round) {
    auto inbox = consumer(queue());
    auto outbox = producer(queue());
    outbox.send_async(item(round));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { inbox.close(); });
      threads.emplace_back([&] { outbox.close(); });
    }
  }
}

TEST_F(Close, TellsWhatIsUnacknowledged) {
  auto inbox = consumer(queue());
  auto outbox = producer(queue());
  send_range(outbox, 1, 4);
  const auto held = take(inbox, 4);
  inbox.acknowledge(held[0]);
  const auto report = inbox.close(100ms);
  EXPECT_EQ(report.running, 3u);
}

}  // namespace
}  // namespace omnibus::conformance
