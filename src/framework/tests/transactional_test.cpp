// Transactional consumers on the embedded backend: what becomes of a handler's outputs.
#include <atomic>
#include <stdexcept>
#include <thread>

#include "framework/tests/transactional_support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Sync = Handler<Note>;

TEST_F(TransactionalTest, OutputsHappenTogetherWithTheAcknowledgement) {
  Gate gate;
  const auto flow = relay(Sync([&](const auto& message, const Context& context) {
    context.in->producer<Note>("output").send({message->text + "1"}, {{"colour", "red"}});
    context.in->producer<Note>("output").send_with({message->text + "2"}, {.key = "k"});
    context.in->producer<Note>("other").send({message->text + "3"});
    seen.add("sent");
    gate.wait();
  }));
  source.send({"x"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(texts(results), IsEmpty()) << "seen before the commit";
  EXPECT_THAT(texts(more), IsEmpty());
  EXPECT_EQ(produced(), 0);
  gate.open();
  const auto first = results.receive(10s);
  EXPECT_EQ(first->text, "x1");
  EXPECT_EQ(first.properties().value_or("colour", ""), "red");
  const auto second = results.receive(10s);
  EXPECT_EQ(second->text, "x2");
  EXPECT_EQ(second.key(), "k");
  EXPECT_EQ(more.receive(10s)->text, "x3");
  EXPECT_EQ(backlog(), 0u) << "outputs without their acknowledgement";
  EXPECT_TRUE(eventually([&] { return processed("success") == 1; }));
  EXPECT_EQ(ended("committed"), 1);
  EXPECT_EQ(produced(), 2);
}

TEST_F(TransactionalTest, AHandlerThatSendsAndThrowsLeavesNoOutput) {
  const auto flow = relay([](const Message<Note>& message, const Context& context) {
    send(context, "attempt " + std::to_string(message.attempt()));
    if (message.attempt() < 3) throw std::runtime_error("not yet");
  });
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "attempt 3");
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_TRUE(eventually([&] { return ended("committed") == 1; }));
  EXPECT_EQ(ended("aborted"), 2);
  EXPECT_EQ(processed("error"), 2);
}

TEST_F(TransactionalTest, EachAttemptAfterTooManyRequestsHasATransactionOfItsOwn) {
  const auto flow = relay(Sync([&](const auto&, const Context& context) {
    seen.add("tried");
    send(context, "output of try " + std::to_string(seen.count()));
    if (seen.count() < 4) throw TooManyRequests();
  }));
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "output of try 4");
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_EQ(ended("aborted"), 3);
}

TEST_F(TransactionalTest, GivingUpTheRateLimitLeavesADeadLetterAndNoOutput) {
  auto how = settings();
  how.rate_limit_timeout = 1ns;
  how.options.max_attempts = 1;
  auto dead = bus.create_consumer<Note>(dead_letter_queue(in, "p--f--input"), "dead");
  const auto flow = relay(Sync([&](const auto&, const Context& context) {
                            send(context, "never");
                            throw TooManyRequests();
                          }),
                          how);
  source.send({"x"});
  EXPECT_EQ(dead.receive(10s)->text, "x");
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_THAT(texts(dead), IsEmpty());
}

TEST_F(TransactionalTest, AMessageTakenOverBySomebodyElseIsNotDoubled) {
  Gate gate;
  auto how = settings();
  how.options.window = 1;
  how.options.ack_timeout = 50ms;
  const Sync handler([&](const auto& message, const Context& context) {
    seen.add("in");
    const bool slow = message->text == "x" && seen.count() == 1;
    if (slow) gate.wait();
    send(context, message->text + (slow ? " of the slow one" : ""));
  });
  const auto one = relay(handler, how);
  const auto two = relay(handler, how);
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "x");
  gate.open();
  EXPECT_TRUE(eventually([&] { return ended("stale_ack") == 1; }));
  EXPECT_TRUE(eventually([&] { return processed("error") == 1; }));
  two->stop(10s);
  source.send({"y"});
  EXPECT_EQ(results.receive(10s)->text, "y") << "the slow one goes on";
  EXPECT_TRUE(settles());
  EXPECT_THAT(texts(results), IsEmpty());
}

TEST_F(TransactionalTest, AHandlerThatOutlivesTheStopLeavesNoOutput) {
  Gate gate;
  const Sync handler([&](const auto&, const Context& context) {
    const bool first = seen.count() == 0;
    send(context, first ? "of the first" : "of the second");
    seen.add("in");
    if (first) gate.wait();
  });
  auto flow = relay(handler);
  source.send({"x"});
  ASSERT_TRUE(seen.reaches(1));  // and has sent: what is stopped sends nothing more
  EXPECT_EQ(flow->stop(1ms).running, 1u);
  const auto next = relay(handler);
  EXPECT_EQ(results.receive(10s)->text, "of the second");
  gate.open();
  EXPECT_TRUE(eventually([&] { return ended("refused") == 1; }));
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_TRUE(eventually([&] { return bus.metrics().gauge("abandoned_handlers", "").value() == 0; }));
}

TEST_F(TransactionalTest, AHandlerThatSendsNothingIsAcknowledgedWithoutATransaction) {
  const auto flow = relay(Sync([&](const auto&, const Context&) { seen.add("in"); }));
  source.send({"x"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_TRUE(settles());
  EXPECT_EQ(ended("committed"), 0);
  EXPECT_EQ(processed("success"), 1);
}

TEST_F(TransactionalTest, KeepsTheOrderOfTheInputs) {
  const auto flow =
      relay([](const Message<Note>& message, const Context& context) { send(context, message->text); });
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::to_string(i));
    source.send_async({expected.back()});
  }
  for (const auto& text : expected) ASSERT_EQ(results.receive(10s)->text, text);
}

TEST_F(TransactionalTest, StopWaitsForTheCommit) {
  Gate gate;
  const auto flow = relay(Sync([&](const auto& message, const Context& context) {
    send(context, message->text);
    seen.add("in");
    gate.wait();
  }));
  source.send({"x"});
  ASSERT_TRUE(seen.reaches(1));
  std::jthread opener([&] { gate.open(); });
  EXPECT_EQ(flow->stop(10s).running, 0u);
  EXPECT_EQ(backlog(), 0u);
  EXPECT_EQ(ended("committed"), 1);
}

TEST_F(TransactionalTest, StopFromItsOwnHandlerLetsItsTransactionHappen) {
  std::shared_ptr<Flow> flow;
  flow = relay(Sync([&](const auto& message, const Context& context) {
    send(context, message->text);
    EXPECT_EQ(flow->stop(0ms).running, 1u);
  }));
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "x");
  EXPECT_TRUE(settles());
}

TEST_F(TransactionalTest, MoreThanATransactionHoldsLeavesNothing) {
  auto how = settings();
  how.options.max_attempts = 1;
  auto dead = bus.create_consumer<Note>(dead_letter_queue(in, "p--f--input"), "dead");
  const auto flow = relay(Sync([&](const auto&, const Context& context) {
                            for (int i = 0; i < 1025; ++i) send(context, "too many");
                          }),
                          how);
  source.send({"x"});
  const auto letter = dead.receive(10s);
  EXPECT_THAT(letter.properties().value_or("omnibus-dead-reason", ""),
              HasSubstr("the transaction was aborted: a transaction has at most 1024 outputs"));
  EXPECT_THAT(texts(results), IsEmpty());
  EXPECT_EQ(ended("refused"), 1);
}

TEST_F(TransactionalTest, TheProcessorSaysWhatItsConsumersDo) {
  auto how = settings();
  how.transactional = std::nullopt;
  const Sync handler([&](const auto& message, const Context& context) {
    send(context, message->text);
    throw std::runtime_error("after the send");
  });
  how.options.max_attempts = 1;
  const auto transactional = relay(handler, how, {.transactional = true});
  source.send({"x"});
  EXPECT_TRUE(eventually([&] { return ended("aborted") == 1; }));
  EXPECT_THAT(texts(results), IsEmpty());
  transactional->stop(10s);
  how.transactional = false;
  const auto plain = relay(handler, how, {.transactional = true});
  source.send({"y"});
  EXPECT_EQ(results.receive(10s)->text, "y") << "the consumer's own word goes before the processor's";
}

TEST_F(TransactionalTest, RequestsOfAHandlerGoOutAtOnce) {
  RequestResponse<Note, Note> client(
      bus,
      {.id = "p", .name = "ask", .request = topic("asks"), .response = topic("answers"), .subscription = {}});
  client.start();
  framework::Producer<Note> answers(bus, "s", "None", "answers", topic("answers"));
  ConsumerSettings serving;
  serving.queue = topic("asks");
  serving.subscription = "s";
  Consumer<Note> service(bus, serving, Sync([&](const auto& message, const Context&) {
                           answers.send({message->text + "!"}, message.properties());
                         }));
  service.start();
  const auto flow = relay(Sync([&](const auto& message, const Context& context) {
    send(context, client.request(message.value(), 10s).text);
  }));
  source.send({"x"});
  EXPECT_EQ(results.receive(10s)->text, "x!");
}

}  // namespace
}  // namespace omnibus::framework
