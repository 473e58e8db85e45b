// Who may send in a handler's transaction, from where, and how long; and what the commit may answer.
#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include <boost/asio/steady_timer.hpp>

#include <omnibus/coro.hpp>

#include "framework/tests/config_support.hpp"
#include "framework/tests/transactional_support.hpp"

namespace omnibus::framework {
namespace {

using boost::asio::awaitable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Sync = Handler<Note>;
using Async = AsyncHandler<Note>;

TEST_F(TransactionalTest, ThreadsOfAHandlerSendInItsTransaction) {
  const auto flow = relay(Sync([&](const auto& message, const Context& context) {
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) threads.emplace_back([&] { send(context, message->text); });
    }
    if (message.attempt() == 1) throw std::runtime_error("once");
  }));
  source.send({"x"});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(results.receive(10s)->text, "x");
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
}

TEST_F(TransactionalTest, AThreadThatOutlivesTheHandlerIsRefused) {
  Gate gate;
  std::jthread late;
  const auto flow = relay(Sync([&](const auto&, const Context& context) {
    send(context, "in time");
    late = std::jthread([&, copy = context] {
      gate.wait();
      seen.add(std::string(to_string(code_of([&] { send(copy, "late"); }).value())));
    });
  }));
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "in time");
  EXPECT_TRUE(settles());
  gate.open();
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("closed"));
  EXPECT_THAT(texts(results), IsEmpty());
}

TEST_F(TransactionalTest, AnAsynchronousHandlersOutputsAwaitItsEnd) {
  std::mutex mutex;
  std::optional<HandlerDone> finish;
  const auto flow = relay(Async([&](const auto& message, const Context& context, HandlerDone done) {
    {
      const std::lock_guard lock(mutex);
      finish.emplace(std::move(done));
    }
    context.in->producer<Note>("output").send_async({message->text}, {}, [&](const Error* error) {
      seen.add(error == nullptr ? "joined" : error->what());
    });
  }));
  source.send({"x"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(texts(results), IsEmpty());
  const auto end = [&](std::exception_ptr failure) {
    std::unique_lock lock(mutex);
    auto done = std::move(*finish);
    lock.unlock();
    done(std::move(failure));
  };
  end(std::make_exception_ptr(TooManyRequests()));
  ASSERT_TRUE(seen.reaches(2));
  EXPECT_THAT(texts(results), IsEmpty());
  end(nullptr);
  EXPECT_EQ(results.receive(10s)->text, "x");
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_THAT(seen.all(), ElementsAre("joined", "joined"));
}

TEST_F(TransactionalTest, ACoroutineSendsInItsTransaction) {
  const auto flow = relay(
      coroutine_handler<Note>([&](const Message<Note>& message, const Context& context) -> awaitable<void> {
        const Note first{message->text + "1"}, second{message->text + "2"};
        context.in->producer<Note>("output").send(first);
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
        context.in->producer<Note>("output").send(second);
        if (message.attempt() == 1) throw std::runtime_error("once");
      }));
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "x1");
  EXPECT_EQ(results.receive(10s)->text, "x2");
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
}

TEST_F(TransactionalTest, AProducerThatHasNotJoinedIsRefused) {
  framework::Producer<Note> loose(bus, "p", "None", "loose", out);
  auto how = settings();
  how.options.max_attempts = 1;
  auto dead = bus.create_consumer<Note>(dead_letter_queue(in, "p--f--input"), "dead");
  const auto flow =
      relay(Sync([&](const auto& message, const Context&) { loose.send(message.value()); }), how);
  source.send({"x"});
  EXPECT_THAT(dead.receive(10s).properties().value_or("omnibus-dead-reason", ""),
              HasSubstr("has not joined the transaction"));
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_NO_THROW(loose.send({"outside"})) << "elsewhere it sends as ever";
}

TEST_F(TransactionalTest, AProducerOutsideTheFlowJoinsByTheContext) {
  framework::Producer<Note> loose(bus, "p", "None", "loose", out);
  auto how = settings();
  how.id = "p";
  how.flow = "f";
  how.queue = in;
  how.subscription = "p--f--input";
  Consumer<Note> consumer(bus, how, Sync([&](const auto& message, const Context& context) {
                            auto joined = loose.joined(context);
                            joined.connect();
                            joined.send({"attempt " + std::to_string(message.attempt())});
                            joined.flush();
                            if (message.attempt() == 1) throw std::runtime_error("once");
                          }));
  consumer.start();
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "attempt 2");
  EXPECT_TRUE(settles());
  EXPECT_NO_THROW(loose.joined(Context{}).send({"plain"})) << "without a transaction it is the same producer";
  EXPECT_EQ(results.receive(10s)->text, "plain");
  EXPECT_THAT(texts(results), IsEmpty());
}

TEST_F(TransactionalTest, AProducerOfAnotherConnectionCannotJoin) {
  auto elsewhere = connect("embedded://");
  framework::Producer<Note> foreign(elsewhere, "p", "None", "foreign", out);
  const auto flow = relay(Sync([&](const auto& message, const Context& context) {
    seen.add(std::string(to_string(code_of([&] { foreign.joined(context).send(message.value()); }).value())));
  }));
  source.send({"x"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("config"));
}

/// What the embedded backend does only when a disk fails or a machine dies, scripted.
class ScriptedCommit : public testing::Test {
 protected:
  ScriptedCommit() { broker->features.set(driver::Feature::transactions, driver::Support::native); }

  static ConsumerSettings settings() {
    auto made = quick_consumer(topic("in"));
    made.transactional = true;
    return made;
  }
  void relay() {
    consumer.emplace(bus, settings(), Sync([this](const auto& message, const Context& context) {
                       seen.add("in");
                       outbox.joined(context).send({message->text + std::to_string(seen.count())});
                     }));
    consumer->start();
    source.send({"x"});
  }
  bool settles() {
    return eventually([this] { return broker->backlog(topic("in").str(), "s") == 0; });
  }
  double ended(const char* status) {
    return counted(bus, "transaction_count", labelled("p", "None", "in"), status);
  }

  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  omnibus::Producer<Note> source = bus.create_producer<Note>(topic("in"));
  framework::Producer<Note> outbox{bus, "p", "None", "out", topic("out")};
  Seen seen;
  std::optional<Consumer<Note>> consumer;
};

TEST_F(ScriptedCommit, ARefusedOneLeavesNothingAndTheMessageComesAgain) {
  broker->fail_next_commit(Error(ErrorCode::no_space, "full", {.retryable = true}));
  relay();
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_TRUE(settles());
  EXPECT_THAT(broker->payloads(topic("out").str()), ElementsAre(HasSubstr("x2")));
  EXPECT_EQ(ended("refused"), 1);
  EXPECT_TRUE(eventually([&] { return ended("committed") == 1; }));
}

TEST_F(ScriptedCommit, AfterAnUnknownOutcomeANewSubscriptionGetsWhatDidNotHappen) {
  broker->fail_next_commit(Error(ErrorCode::unknown_outcome, "the link broke"));
  relay();
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_TRUE(settles());
  EXPECT_THAT(broker->payloads(topic("out").str()), ElementsAre(HasSubstr("x2")));
  EXPECT_EQ(ended("unknown_outcome"), 1);
  EXPECT_THAT(broker->nack_delays(), IsEmpty()) << "it must not be settled by itself";
  EXPECT_EQ(consumer->stop(10s).running, 0u);
}

TEST_F(ScriptedCommit, ATransactionThatCouldNotBeginIsNotPassedOver) {
  consumer.emplace(bus, settings(), Sync([this](const auto& message, const Context& context) {
                     seen.add("in");
                     if (seen.count() == 1) broker->fail_next_create(Error(ErrorCode::forbidden, "not now"));
                     try {
                       outbox.joined(context).send(message.value());
                     } catch (const Error& error) {
                       seen.add(error.what());
                     }
                   }));
  consumer->start();
  source.send({"x"});
  EXPECT_TRUE(seen.reaches(3));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("in", HasSubstr("cannot begin a transaction: not now"), "in"));
  EXPECT_THAT(broker->payloads(topic("out").str()), testing::SizeIs(1));
  EXPECT_EQ(ended("refused"), 1);
}

TEST_F(ScriptedCommit, AnOutputThatTheBrokerRefusesIsNotPassedOver) {
  std::atomic<bool> refuse = true;
  broker->on_send = [&](const driver::Outgoing& message) -> std::optional<Error> {
    if (message.payload.find("x1") == std::string::npos || !refuse.exchange(false)) return std::nullopt;
    return Error(ErrorCode::forbidden, "not here");
  };
  relay();
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_TRUE(settles());
  EXPECT_THAT(broker->payloads(topic("out").str()), ElementsAre(HasSubstr("x2")));
  EXPECT_EQ(ended("refused"), 1);
}

TEST(TransactionalConfiguration, NeedsTheFeature) {
  const auto broker = std::make_shared<fake::Broker>();
  broker->features.set(driver::Feature::transactions, driver::Support::missing, "one link per message");
  auto bus = broker->connect();
  ConsumerSettings settings;
  settings.name = "in";
  settings.queue = topic("in");
  settings.transactional = true;
  try {
    Consumer<Note> consumer(bus, settings, Sync([](const auto&, const Context&) {}));
    FAIL() << "it was made";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("consumer in of q1/tg/flow/in is to be transactional, but the backend " +
                          std::string(bus.backend()) + " has no transactions: one link per message"));
    EXPECT_THAT(error.hint(), HasSubstr("choose a backend that has them"));
  }
}

TEST(TransactionalConfiguration, AProcessorIsRefusedBeforeItStarts) {
  const auto broker = std::make_shared<fake::Broker>();
  broker->features.set(driver::Feature::transactions, driver::Support::missing);
  auto bus = broker->connect();
  const Sync handler([](const auto&, const Context&) {});
  Settings unflagged;
  unflagged.id = "p";
  FlowProcessor plain(bus, unflagged);
  EXPECT_NO_THROW(plain.add<ConsumerSpec<Note>>("input", handler));
  FlowProcessor transactional(bus, unflagged, {.transactional = true});
  EXPECT_THROW(transactional.add<ConsumerSpec<Note>>("input", handler), ConfigError);
  const auto flagged = Settings::parse({.program = "p", .summary = "", .id = "p"}, {"--transactional"},
                                       FlowProcessor::flags());
  FlowProcessor by_flag(bus, flagged);
  EXPECT_THROW(by_flag.add<ConsumerSpec<Note>>("input", handler), ConfigError);
  ConsumerSettings opted_out;
  opted_out.name = "input";
  opted_out.transactional = false;
  EXPECT_NO_THROW(by_flag.add<ConsumerSpec<Note>>(opted_out, handler));
}

TEST(TransactionalConfiguration, TheFlagReachesTheFlowsOfAProcessor) {
  auto bus = connect("embedded://");
  FakeConfigService service(bus);
  const auto settings = Settings::parse({.program = "p", .summary = "", .id = "p"}, {"--transactional"},
                                        FlowProcessor::flags());
  FlowProcessor processor(bus, settings);
  std::atomic<int> tried = 0;
  processor.add<ConsumerSpec<Note>>("input", Sync([&](const auto&, const Context& context) {
                                      context.in->producer<Note>("output").send({"x"});
                                      if (++tried < 2) throw TooManyRequests();
                                    }));
  processor.add<ProducerSpec<Note>>("output");
  processor.start();
  auto results = bus.create_consumer<Note>(topic("out"), "reader");
  service.push(1, active_flow("p", R"({"f": {"input": "q1/tg/flow/in", "output": "q1/tg/flow/out"}})"));
  ASSERT_TRUE(eventually([&] { return !processor.flows().empty(); }));
  bus.create_producer<Note>(topic("in")).send({"x"});
  ASSERT_TRUE(eventually([&] { return tried == 1; }));
  EXPECT_FALSE(results.poll(100ms)) << "the output of a failed try";
}

}  // namespace
}  // namespace omnibus::framework
