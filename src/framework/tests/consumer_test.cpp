#include "omnibus/framework/consumer.hpp"

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "framework/tests/support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;

const QueueName queue = topic("in");

class ConsumerTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  omnibus::Producer<Note> producer = bus.create_producer<Note>(queue);
  Seen seen;

  static ConsumerSettings settings() { return quick_consumer(queue); }
  std::size_t backlog() { return broker->backlog(queue.str(), "s"); }
  bool settles() {
    return eventually([this] { return backlog() == 0; });
  }
  double processed(const char* status) {
    return counted(bus, "processing_count", labelled("p", "None", "in"), status);
  }
  double rate_limited() { return counted(bus, "rate_limit_count", labelled("p", "None", "in")); }
};

using Sync = Handler<Note>;
using Async = AsyncHandler<Note>;

TEST_F(ConsumerTest, AcknowledgesAfterTheHandlerHasReturned) {
  Gate gate;
  Consumer<Note> consumer(
      bus, settings(), Sync([&](const auto& message, const Context& context) {
        seen.add(message->text + " " + context.id + " " + context.flow + " " + context.name);
        gate.wait();
      }));
  consumer.start();
  EXPECT_TRUE(consumer.running());
  producer.send({"hello"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_EQ(backlog(), 1u);
  gate.open();
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("hello p None in"));
  EXPECT_EQ(processed("success"), 1);
  EXPECT_EQ(processed("error"), 0);
}

TEST_F(ConsumerTest, DeliversAgainWhatItsHandlerFailedOn) {
  Consumer<Note> consumer(bus, settings(), Sync([&](const auto& message, const Context&) {
                            seen.add(std::to_string(message.attempt()));
                            if (message.attempt() < 3) throw std::runtime_error("not yet");
                          }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(3));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(processed("error"), 2);
  EXPECT_EQ(processed("success"), 1);
}

TEST_F(ConsumerTest, BacksOffFurtherAtEachFailureAndDeadLettersAtTheLimit) {
  auto mine = settings();
  mine.options.redelivery = {.initial = 1ms, .maximum = 1s, .factor = 2, .jitter = 0};
  mine.options.max_attempts = 3;
  Consumer<Note> consumer(bus, mine, Sync([&](const auto&, const Context&) {
                            seen.add("tried");
                            throw std::runtime_error("poison");
                          }));
  auto dead =
      bus.create_consumer<Note>(dead_letter_queue(queue, "s"), "reader", {.position = Position::earliest});
  consumer.start();
  producer.send({"bad"});
  const auto letter = dead.receive(10s);
  EXPECT_EQ(letter->text, "bad");
  EXPECT_TRUE(settles());
  EXPECT_EQ(seen.count(), 3u);
  EXPECT_THAT(broker->nack_delays(), ElementsAre(1ms, 2ms));
}

TEST_F(ConsumerTest, RunsAsManyHandlersAtOnceAsAllowedAndNoMore) {
  std::atomic<int> now = 0, most = 0;
  Gate gate;
  auto mine = settings();
  mine.concurrency = 3;
  Consumer<Note> consumer(bus, mine, Sync([&](const auto&, const Context&) {
                            const int running = ++now;
                            int before = most;
                            while (before < running && !most.compare_exchange_weak(before, running)) {
                            }
                            gate.wait();
                            --now;
                          }));
  consumer.start();
  for (int i = 0; i < 10; ++i) producer.send({"x", i});
  EXPECT_TRUE(eventually([&] { return now == 3; }));
  gate.open();
  EXPECT_TRUE(settles());
  EXPECT_EQ(most, 3);
}

TEST_F(ConsumerTest, RefusesAConcurrencyBelowOne) {
  auto mine = settings();
  mine.concurrency = 0;
  EXPECT_THROW(Consumer<Note>(bus, mine, Sync([](const auto&, const Context&) {})), ConfigError);
}

TEST_F(ConsumerTest, RunsTheHandlerAgainWithTheSameMessageAfterTooManyRequests) {
  Consumer<Note> consumer(bus, settings(), Sync([&](const auto& message, const Context&) {
                            seen.add(std::to_string(message.attempt()));
                            if (seen.count() < 3) throw TooManyRequests();
                          }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(3));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("1", "1", "1"));
  EXPECT_THAT(broker->nack_delays(), testing::IsEmpty());
  EXPECT_EQ(rate_limited(), 2);
  EXPECT_EQ(processed("success"), 1);
  EXPECT_EQ(processed("error"), 0);
}

TEST_F(ConsumerTest, GivesUpWaitingForTheRateLimitAtItsTimeout) {
  auto mine = settings();
  mine.rate_limit_timeout = 1ns;
  Consumer<Note> consumer(bus, mine, Sync([&](const auto& message, const Context&) {
                            seen.add(std::to_string(message.attempt()));
                            if (message.attempt() == 1) throw TooManyRequests();
                          }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("1", "2"));
  EXPECT_EQ(processed("error"), 1);
}

TEST_F(ConsumerTest, WaitsForTheRateLimitWithoutAThread) {
  BusOptions one_thread;
  one_thread.max_handler_threads = 1;
  auto narrow = broker->connect(one_thread);
  auto slow = settings();
  slow.rate_limit_retry = 1h;
  Consumer<Note> limited(narrow, slow, Sync([&](const auto&, const Context&) {
                           seen.add("limited");
                           throw TooManyRequests();
                         }));
  auto other = settings();
  other.subscription = "other";
  Consumer<Note> working(narrow, other, Sync([&](const auto&, const Context&) { seen.add("working"); }));
  limited.start();
  working.start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_THAT(seen.all(), testing::UnorderedElementsAre("limited", "working"));
}

TEST_F(ConsumerTest, AStopDuringTheRateLimitGivesTheMessageToTheNext) {
  auto slow = settings();
  slow.rate_limit_retry = 1h;
  Consumer<Note> limited(bus, slow, Sync([&](const auto&, const Context&) {
                           seen.add("limited");
                           throw TooManyRequests();
                         }));
  limited.start();
  producer.send({"hello"});
  ASSERT_TRUE(eventually([&] { return rate_limited() == 1; }));
  EXPECT_EQ(limited.stop(10s).running, 0u);
  Consumer<Note> next(bus, settings(),
                      Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  next.start();
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_THAT(seen.all(), ElementsAre("limited", "hello"));
}

TEST_F(ConsumerTest, SubscribesAgainUntilItSucceeds) {
  for (int i = 0; i < 3; ++i) {
    broker->fail_next_create(Error(ErrorCode::unavailable, "no broker", {.retryable = true}));
  }
  for (int i = 0; i < 3; ++i) broker->fail_next_create(Error(ErrorCode::forbidden, "no right"));
  auto mine = settings();
  mine.subscribed = [&] { seen.add("subscribed"); };
  Consumer<Note> consumer(bus, mine,
                          Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  consumer.start();
  ASSERT_TRUE(eventually([&] { return consumer.running(); }));
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_THAT(seen.all(), ElementsAre("subscribed", "hello"));
}

TEST_F(ConsumerTest, GoesOnAfterTheLossOfTheLink) {
  Consumer<Note> consumer(bus, settings(),
                          Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  consumer.start();
  producer.send({"before"});
  ASSERT_TRUE(seen.reaches(1));
  broker->cut();
  broker->restore();
  producer.send({"after"});
  EXPECT_TRUE(eventually([&] { return seen.all().back() == "after"; }));
}

TEST_F(ConsumerTest, AcknowledgesAgainWhatTheBrokerCouldNotStore) {
  for (int i = 0; i < 3; ++i) broker->fail_next_ack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  Consumer<Note> consumer(bus, settings(),
                          Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("hello"));
}

TEST_F(ConsumerTest, AStopDoesNotWaitForAnAcknowledgementThatMayNeverSucceed) {
  auto mine = settings();
  mine.reconnect = 1h;
  broker->fail_next_ack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  std::atomic<bool> failed = false;
  log::set_handler([&](log::Level, std::string_view text) {
    if (text.find("could not be settled, trying again") != std::string_view::npos) failed = true;
  });
  Consumer<Note> consumer(bus, mine, Sync([&](const auto&, const Context&) { seen.add("first"); }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(eventually([&] { return failed.load(); }));
  log::set_handler({});
  EXPECT_EQ(consumer.stop(1ms).running, 0u);
  Consumer<Note> next(bus, settings(), Sync([&](const auto&, const Context&) { seen.add("next"); }));
  next.start();
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("first", "next"));
}

TEST_F(ConsumerTest, SkipsWhatCannotBeDecoded) {
  auto raw = bus.create_producer<Raw>(queue);
  auto mine = settings();
  mine.options.max_attempts = 1;
  Consumer<Note> consumer(bus, mine,
                          Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  consumer.start();
  raw.send({"this is no JSON"});
  producer.send({"good"});
  EXPECT_TRUE(seen.reaches(1));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("good"));
}

TEST_F(ConsumerTest, StopWaitsForTheHandlerAndItsAcknowledgement) {
  Gate gate;
  Consumer<Note> consumer(bus, settings(), Sync([&](const auto&, const Context&) {
                            seen.add("in");
                            gate.wait();
                          }));
  consumer.start();
  producer.send({"one"});
  producer.send({"two"});
  ASSERT_TRUE(seen.reaches(1));
  auto stopping = std::async(std::launch::async, [&] { return consumer.stop(10s); });
  EXPECT_TRUE(eventually([&] { return !consumer.running(); }));
  gate.open();
  EXPECT_EQ(stopping.get().running, 0u);
  EXPECT_EQ(seen.count(), 1u);
  EXPECT_EQ(backlog(), 1u) << "the second message is kept by the subscription";
  EXPECT_THROW(consumer.start(), ClosedError);
}

TEST_F(ConsumerTest, StopKeepsTheSubscription) {
  {
    Consumer<Note> consumer(bus, settings(), Sync([](const auto&, const Context&) {}));
    consumer.start();
  }
  EXPECT_TRUE(broker->has_subscription(queue.str(), "s"));
  producer.send({"in the gap"});
  Consumer<Note> next(bus, settings(),
                      Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  next.start();
  EXPECT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("in the gap"));
}

TEST_F(ConsumerTest, AHandlerThatOutlivesTheStopIsToldAndItsMessageComesAgain) {
  Gate gate;
  std::atomic<bool> told = false;
  {
    Consumer<Note> consumer(bus, settings(), Sync([&](const auto& message, const Context& context) {
                              seen.add("first");
                              while (!context.stop.stop_requested()) std::this_thread::yield();
                              told = message->text == "hello";  // its state is alive
                              gate.wait();
                              seen.add("first ends");
                            }));
    consumer.start();
    producer.send({"hello"});
    ASSERT_TRUE(seen.reaches(1));
    EXPECT_EQ(consumer.stop(1ms).running, 1u);
  }
  EXPECT_TRUE(eventually([&] { return told.load(); }));
  EXPECT_EQ(bus.metrics().gauge("abandoned_handlers", "").value(), 1);
  Consumer<Note> next(bus, settings(),
                      Sync([&](const auto& message, const Context&) { seen.add(message->text); }));
  next.start();
  EXPECT_TRUE(seen.reaches(2));
  gate.open();
  EXPECT_TRUE(seen.reaches(3));
  EXPECT_THAT(seen.all(), ElementsAre("first", "hello", "first ends"));
  EXPECT_TRUE(eventually([&] { return bus.metrics().gauge("abandoned_handlers", "").value() == 0; }));
}

TEST_F(ConsumerTest, AnAbandonedHandlerThatIsRateLimitedHasEndedToo) {
  Gate gate;
  Consumer<Note> consumer(bus, settings(), Sync([&](const auto&, const Context&) {
                            seen.add("in");
                            gate.wait();
                            throw TooManyRequests();
                          }));
  consumer.start();
  producer.send({"hello"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_EQ(consumer.stop(1ms).running, 1u);
  EXPECT_EQ(bus.metrics().gauge("abandoned_handlers", "").value(), 1);
  gate.open();
  EXPECT_TRUE(eventually([&] { return bus.metrics().gauge("abandoned_handlers", "").value() == 0; }));
}

TEST_F(ConsumerTest, StopFromItsOwnHandlerReturnsAndTheMessageIsAcknowledged) {
  std::unique_ptr<Consumer<Note>> consumer;
  consumer = std::make_unique<Consumer<Note>>(bus, settings(), Sync([&](const auto&, const Context&) {
                                                EXPECT_EQ(consumer->stop(10s).running, 1u);
                                                seen.add("stopped");
                                              }));
  consumer->start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(1));
  EXPECT_TRUE(settles());
  EXPECT_EQ(consumer->stop(10s).running, 0u);
}

TEST_F(ConsumerTest, AnAsynchronousHandlerMayEndLaterOnAnyThread) {
  std::mutex mutex;
  std::vector<HandlerDone> waiting;
  auto mine = settings();
  mine.concurrency = 2;
  Consumer<Note> consumer(bus, mine, Async([&](const auto& message, const Context&, HandlerDone done) {
                            const std::lock_guard lock(mutex);
                            waiting.push_back(std::move(done));
                            seen.add(message->text);
                          }));
  consumer.start();
  for (const auto* text : {"a", "b", "c"}) producer.send({text});
  ASSERT_TRUE(seen.reaches(2));
  EXPECT_EQ(backlog(), 3u);
  {
    const std::lock_guard lock(mutex);
    for (auto& done : waiting) done(nullptr);
    waiting.clear();
  }
  ASSERT_TRUE(seen.reaches(3));
  {
    const std::lock_guard lock(mutex);
    waiting.front()(nullptr);
    waiting.front()(std::make_exception_ptr(std::runtime_error("a second report counts for nothing")));
  }
  EXPECT_TRUE(settles());
  EXPECT_EQ(processed("success"), 3);
  EXPECT_EQ(processed("error"), 0);
}

TEST_F(ConsumerTest, AnAsynchronousHandlerThatLetsGoOfItsMessageHasFailed) {
  Consumer<Note> consumer(bus, settings(), Async([&](const auto& message, const Context&, HandlerDone done) {
                            seen.add("tried");
                            if (message.attempt() > 1) done(nullptr);
                          }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_TRUE(settles());
  EXPECT_EQ(processed("error"), 1);
}

TEST_F(ConsumerTest, AnAsynchronousHandlerMayThrow) {
  Consumer<Note> consumer(bus, settings(), Async([&](const auto&, const Context&, HandlerDone done) {
                            seen.add("tried");
                            if (seen.count() == 1) throw TooManyRequests();
                            done(nullptr);
                          }));
  consumer.start();
  producer.send({"hello"});
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_TRUE(settles());
  EXPECT_EQ(rate_limited(), 1) << "what it threw counts, not that it let go";
}

TEST_F(ConsumerTest, ManyIdleConsumersShareTheThreads) {
  const auto threads = [] {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
    return count;
  };
  std::vector<std::unique_ptr<Consumer<Note>>> consumers;
  const auto add = [&](int number) {
    auto mine = settings();
    mine.name = "in" + std::to_string(number);
    mine.subscription = mine.name;
    mine.concurrency = 4;
    consumers.push_back(std::make_unique<Consumer<Note>>(
        bus, mine, Sync([&](const auto&, const Context&) { seen.add("x"); })));
    consumers.back()->start();
  };
  add(0);
  const auto before = threads();
  for (int i = 1; i < 100; ++i) add(i);
  EXPECT_LE(threads(), before + 2);
  producer.send({"to all"});
  EXPECT_TRUE(seen.reaches(100));
}

}  // namespace
}  // namespace omnibus::framework
