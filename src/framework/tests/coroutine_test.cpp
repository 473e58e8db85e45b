#include <boost/asio/steady_timer.hpp>

#include <omnibus/coro.hpp>

#include "framework/tests/support.hpp"

namespace omnibus::framework {
namespace {

using boost::asio::awaitable;
using testing::ElementsAre;

class CoroutineTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  omnibus::Producer<Note> producer = bus.create_producer<Note>(topic("in"));
  Seen seen;

  static ConsumerSettings settings() { return quick_consumer(topic("in")); }
  bool settles() {
    return eventually([this] { return broker->backlog(topic("in").str(), "s") == 0; });
  }
};

TEST_F(CoroutineTest, AHandlerWaitsForAnAnswerWithoutAThread) {
  BusOptions one_thread;
  one_thread.max_handler_threads = 1;
  auto narrow = broker->connect(one_thread);
  RequestResponse<Note, Note> client(
      narrow,
      {.id = "p", .name = "ask", .request = topic("asks"), .response = topic("answers"), .subscription = {}});
  client.start();
  auto replies = narrow.create_producer<Note>(topic("answers"));
  auto serving = settings();
  serving.queue = topic("asks");
  Consumer<Note> service(narrow, serving, Handler<Note>([&](const auto& message, const Context&) {
                           SendOptions options;
                           options.properties = message.properties();
                           replies.send({message->text + "!"}, options);
                         }));
  auto both = settings();
  both.concurrency = 2;
  Consumer<Note> consumer(
      narrow, both,
      coroutine_handler<Note>([&](const Message<Note>& message, const Context&) -> awaitable<void> {
        const Note question = message.value();
        const Note answer = co_await async_request(client, question, 10s);
        seen.add(message->text + answer.text);
      }));
  service.start();
  consumer.start();
  producer.send({"a"});
  EXPECT_TRUE(seen.reaches(1));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("aa!"));
}

TEST_F(CoroutineTest, AnExceptionBringsTheMessageBackAndTooManyRequestsRunsItAgain) {
  Consumer<Note> consumer(
      bus, settings(),
      coroutine_handler<Note>([&](const Message<Note>& message, const Context&) -> awaitable<void> {
        seen.add(std::to_string(message.attempt()));
        if (seen.count() == 1) throw TooManyRequests();
        if (seen.count() == 2) throw std::runtime_error("no");
        co_return;
      }));
  consumer.start();
  producer.send({"a"});
  EXPECT_TRUE(seen.reaches(3));
  EXPECT_TRUE(settles());
  EXPECT_THAT(seen.all(), ElementsAre("1", "1", "2"));
}

TEST_F(CoroutineTest, AStopAtItsDeadlineCancelsWhatTheHandlerWaitsFor) {
  Consumer<Note> consumer(
      bus, settings(), coroutine_handler<Note>([&](const Message<Note>&, const Context&) -> awaitable<void> {
        seen.add("waits");
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
        try {
          co_await timer.async_wait(boost::asio::use_awaitable);
        } catch (const std::exception&) {
          seen.add("cancelled");
        }
      }));
  consumer.start();
  producer.send({"a"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_EQ(consumer.stop(1ms).running, 1u);
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_EQ(broker->backlog(topic("in").str(), "s"), 1u) << "it comes again";
}

}  // namespace
}  // namespace omnibus::framework
