#include <omnibus/producer.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <numeric>
#include <thread>

#include <gmock/gmock.h>

#include <omnibus/log.hpp>
#include <omnibus/raw.hpp>

#include "core/tests/eventually.hpp"
#include "core/tests/fake_backend.hpp"
#include "core/tests/thrown.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const QueueName queue = topic("out");

class ProducerTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();

  std::vector<std::string> sent() { return broker->payloads(queue.str()); }
};

TEST_F(ProducerTest, SendReturnsWhenTheBrokerHasIt) {
  auto producer = bus.create_producer<Raw>(queue);
  producer.send({"one"}, {.properties = {{"a", "b"}}, .key = "k"});
  EXPECT_THAT(sent(), ElementsAre("one"));
}

TEST_F(ProducerTest, ManyThreadsLoseNothingAndKeepTheirOrder) {
  auto producer = bus.create_producer<Raw>(queue, {.window = 64, .batch_messages = 16});
  constexpr int threads = 4, each = 500;
  std::atomic<int> completed = 0;
  {
    std::vector<std::jthread> senders;
    for (int t = 0; t < threads; ++t) {
      senders.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) {
          producer.send_async({std::to_string(t) + " " + std::to_string(i)}, {},
                              [&](const Error* error) { completed += error == nullptr ? 1 : 0; });
        }
      });
    }
  }
  producer.flush();
  EXPECT_TRUE(eventually([&] { return completed == threads * each; }));
  std::vector<int> next(threads, 0);
  for (const auto& text : sent()) {
    const int thread = text[0] - '0';
    EXPECT_EQ(std::stoi(text.substr(2)), next[static_cast<std::size_t>(thread)]++);
  }
  EXPECT_THAT(next, testing::Each(each));
}

TEST_F(ProducerTest, WindowBlocksOrRefuses) {
  broker->hold_confirms(true);
  auto blocking = bus.create_producer<Raw>(queue, {.window = 2});
  auto refusing = bus.create_producer<Raw>(topic("other"), {.window = 2, .block_when_full = false});
  for (auto* producer : {&blocking, &refusing}) {
    producer->send_async({"1"});
    producer->send_async({"2"});
  }
  EXPECT_CODE(refusing.send_async({"3"}), ErrorCode::would_block);
  EXPECT_CODE(blocking.send_async({"3"}, {.timeout = 1ms}), ErrorCode::timeout);
  std::jthread third([&] { blocking.send_async({"3"}); });
  broker->hold_confirms(false);
  third.join();
  blocking.flush();
  EXPECT_THAT(sent(), ElementsAre("1", "2", "3"));
}

TEST_F(ProducerTest, OneMessageLargerThanTheWindowPassesAlone) {
  auto producer = bus.create_producer<Raw>(queue, {.window_bytes = 10});
  producer.send({std::string(1'000, 'x')});
  producer.send({"y"});
  EXPECT_EQ(sent().size(), 2u);
}

TEST_F(ProducerTest, GathersWhileLingering) {
  auto producer = bus.create_producer<Raw>(queue, {.linger = 1h, .batch_messages = 10});
  for (int i = 0; i < 9; ++i) producer.send_async({"x"});
  EXPECT_THAT(sent(), testing::IsEmpty());
  producer.send_async({"x"});
  EXPECT_TRUE(eventually([&] { return sent().size() == 10; }));
  EXPECT_THAT(broker->batches(), ElementsAre(10u));
  producer.send_async({"x"});
  producer.flush();
  EXPECT_EQ(sent().size(), 11u);
}

TEST_F(ProducerTest, SequencesRiseAndThoseGivenAreKept) {
  auto producer = bus.create_producer<Raw>(queue);
  producer.send({"a"});
  producer.send({"b"}, {.sequence = 40});
  producer.send({"c"});
  producer.send({"again"}, {.sequence = 40});  // confirmed, stored before
  EXPECT_THAT(broker->sequences(queue.str()), ElementsAre(1, 40, 41));
}

TEST_F(ProducerTest, ANamedProducerGoesOnAboveItsFormerNumbers) {
  bus.create_producer<Raw>(queue, {.name = "me"}).send({"a"});
  bus.create_producer<Raw>(queue, {.name = "me"}).send({"b"});
  EXPECT_THAT(sent(), ElementsAre("a", "b"));
}

TEST_F(ProducerTest, RefusesBadMessagesBeforeAnythingIsWritten) {
  auto producer = bus.create_producer<Raw>(queue);
  EXPECT_CODE(producer.send({std::string((1u << 20) + 1, 'x')}), ErrorCode::too_large);
  EXPECT_CODE(producer.send({"x"}, {.properties = {{"omnibus-dead-reason", "x"}}}), ErrorCode::config);
  EXPECT_CODE(producer.send_async({"x"}, {.properties = {{"k", "\xff"}}}), ErrorCode::config);
  EXPECT_THAT(sent(), testing::IsEmpty());
  producer.send({std::string(1u << 20, 'x')});
  EXPECT_EQ(sent().size(), 1u);
}

TEST_F(ProducerTest, AMessagesFailureReachesItsSenderOnly) {
  broker->on_send = [](const driver::Outgoing& message) -> std::optional<Error> {
    if (message.payload == "bad") return Error(ErrorCode::no_space, "disk full");
    return std::nullopt;
  };
  auto producer = bus.create_producer<Raw>(queue);
  EXPECT_CODE(producer.send({"bad"}), ErrorCode::no_space);
  producer.flush();  // a failure that was thrown is not reported again
  std::atomic<int> failed = 0;
  producer.send_async({"good"});
  producer.send_async({"bad"}, {}, [&](const Error* error) { failed = static_cast<int>(error->code()); });
  EXPECT_CODE(producer.flush(), ErrorCode::no_space);
  producer.flush();
  EXPECT_TRUE(eventually([&] { return failed == static_cast<int>(ErrorCode::no_space); }));
  EXPECT_THAT(sent(), ElementsAre("good"));
}

TEST_F(ProducerTest, FatalErrorsEndTheProducer) {
  bool refuse = true;
  broker->on_send = [&](const driver::Outgoing&) -> std::optional<Error> {
    if (refuse) return Error(ErrorCode::forbidden, "no right to send");
    return std::nullopt;
  };
  auto producer = bus.create_producer<Raw>(queue);
  EXPECT_CODE(producer.send({"x"}), ErrorCode::forbidden);
  refuse = false;
  EXPECT_CODE(producer.send({"x"}), ErrorCode::forbidden);
  EXPECT_THAT(sent(), testing::IsEmpty());
}

TEST_F(ProducerTest, SendsTheUnconfirmedAgainInOrderAndOnce) {
  auto producer = bus.create_producer<Raw>(queue);
  producer.send({"0"});
  broker->hold_confirms(true);
  for (const char* text : {"1", "2", "3"}) producer.send_async({text});
  ASSERT_TRUE(eventually([&] { return broker->unconfirmed() == 3; }));
  broker->cut();  // stored, not confirmed: the broker knows them by their sequences
  producer.send_async({"4"});
  broker->hold_confirms(false);
  broker->restore();
  producer.flush();
  EXPECT_THAT(sent(), ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_THAT(broker->sequences(queue.str()), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(bus.metrics().text(), HasSubstr("omnibus_reconnects_total{queue=\"q1/tg/flow/out\"} 1"));
}

TEST_F(ProducerTest, ABlockedSendEndsAtItsDeadlineWhileTheLinkIsDown) {
  auto producer = bus.create_producer<Raw>(queue);
  broker->cut();
  EXPECT_CODE(producer.send({"x"}, {.timeout = 20ms}), ErrorCode::unavailable);
  broker->restore();
  producer.send({"y"});
  EXPECT_THAT(sent(), ElementsAre("y"));  // what was given up is not sent later
}

TEST_F(ProducerTest, FailFastDoesNotWaitForTheLink) {
  auto producer = bus.create_producer<Raw>(queue, {.fail_fast = true});
  broker->hold_confirms(true);
  std::atomic<bool> failed = false;
  producer.send_async({"x"}, {}, [&](const Error* error) { failed = error != nullptr; });
  broker->cut();
  EXPECT_TRUE(eventually([&] { return failed.load(); }));
  EXPECT_CODE(producer.send({"y"}), ErrorCode::unavailable);
}

TEST_F(ProducerTest, AFatalAnswerToReconnectingReachesWaitingSenders) {
  auto producer = bus.create_producer<Raw>(queue);
  broker->cut();
  std::optional<Error> error;
  std::jthread sender([&] { error = error_of([&] { producer.send({"x"}); }); });
  broker->fail_next_create(Error(ErrorCode::conflict, "another instance took over"));
  broker->restore();
  sender.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::conflict);
  EXPECT_CODE(producer.send({"x"}), ErrorCode::conflict);
}

TEST_F(ProducerTest, AnUnansweredSendTimesOut) {
  auto producer = bus.create_producer<Raw>(queue);
  broker->hold_confirms(true);
  EXPECT_CODE(producer.send({"x"}, {.timeout = 5ms}), ErrorCode::timeout);
  EXPECT_CODE((producer.send_async({"y"}), producer.flush(5ms)), ErrorCode::timeout);
  broker->hold_confirms(false);
  producer.send({"z"});
}

TEST_F(ProducerTest, CreationReportsWhatTheBrokerSays) {
  broker->fail_next_create(Error(ErrorCode::forbidden, "refused"));
  EXPECT_CODE(bus.create_producer<Raw>(queue), ErrorCode::forbidden);
  broker->hang_creates(true);
  auto impatient = broker->connect({.connect_timeout = 5ms});
  EXPECT_CODE(impatient.create_producer<Raw>(queue), ErrorCode::unavailable);
  EXPECT_CODE(bus.create_producer<Raw>({.name = ""}), ErrorCode::config);
  EXPECT_CODE(bus.create_producer<Raw>(queue, {.window = 0}), ErrorCode::config);
}

TEST_F(ProducerTest, CloseFlushesAndReports) {
  auto producer = bus.create_producer<Raw>(queue, {.linger = 1h});
  for (int i = 0; i < 5; ++i) producer.send_async({"x"});
  const auto report = producer.close();
  EXPECT_EQ(report.flushed, 5u);
  EXPECT_EQ(report.unsent, 0u);
  EXPECT_EQ(sent().size(), 5u);
  EXPECT_EQ(producer.close().flushed, 5u);
  EXPECT_CODE(producer.send({"y"}), ErrorCode::closed);
  EXPECT_CODE(producer.flush(), ErrorCode::closed);
}

TEST_F(ProducerTest, CloseIsBoundedAndTellsEveryUnsentMessage) {
  auto producer = bus.create_producer<Raw>(queue);
  broker->hold_confirms(true);
  std::atomic<int> closed = 0;
  const auto count = [&](const Error* error) {
    closed += error != nullptr && error->code() == ErrorCode::closed ? 1 : 0;
  };
  for (int i = 0; i < 3; ++i) producer.send_async({"x"}, {}, count);
  EXPECT_EQ(producer.close(5ms).unsent, 3u);
  EXPECT_TRUE(eventually([&] { return closed == 3; }));
}

TEST_F(ProducerTest, ItsEndSaysWhatWasNotSent) {
  std::string logged;
  log::set_handler([&](log::Level, std::string_view text) { logged += text; });
  {
    auto producer = bus.create_producer<Raw>(queue);
    broker->hold_confirms(true);
    producer.send_async({"x"});
    producer.close(5ms);
  }
  log::set_handler({});
  EXPECT_THAT(logged, testing::HasSubstr("q1/tg/flow/out ended with 1 messages unsent"));
}

TEST_F(ProducerTest, CloseDoesNotWaitForeverForADriverThatHangs) {
  broker->hang_closes(true);
  auto producer = bus.create_producer<Raw>(queue);
  producer.send({"x"});
  producer.close(1ms);
  EXPECT_CODE(producer.send({"y"}), ErrorCode::closed);
}

TEST_F(ProducerTest, CloseFromAnotherThreadEndsABlockedSend) {
  auto producer = bus.create_producer<Raw>(queue, {.window = 1});
  broker->hold_confirms(true);
  producer.send_async({"1"});
  std::optional<Error> error;
  std::jthread sender([&] { error = error_of([&] { producer.send({"2"}); }); });
  producer.close(5ms);
  sender.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::closed);
}

TEST_F(ProducerTest, CloseWaitsForCompletionsThatRun) {
  auto producer = bus.create_producer<Raw>(queue);
  std::promise<void> go;
  std::atomic<int> heard = 0;
  producer.send_async({"one"}, {}, [&, gone = go.get_future().share()](const Error*) {
    gone.wait();
    ++heard;
  });
  producer.send_async({"two"}, {}, [&](const Error*) { ++heard; });
  bus.post_at(deadline_after(30ms), [&] { go.set_value(); });
  producer.close(10s);
  EXPECT_EQ(heard, 2);
}

TEST_F(ProducerTest, CloseInsideACompletionReturns) {
  for (const bool in_line : {false, true}) {
    auto producer = bus.create_producer<Raw>(queue, {.inline_completion = in_line});
    std::latch closed(1);
    producer.send_async({"x"}, {}, [&](const Error*) {
      producer.close();
      closed.count_down();
    });
    closed.wait();
    EXPECT_CODE(producer.send({"y"}), ErrorCode::closed);
  }
}

TEST_F(ProducerTest, CloseWhileTheLinkIsDownIsBounded) {
  auto producer = bus.create_producer<Raw>(queue);
  broker->cut();
  producer.send_async({"x"});
  EXPECT_EQ(producer.close(5ms).unsent, 1u);
}

TEST_F(ProducerTest, AThrowingCompletionHurtsNobody) {
  auto producer = bus.create_producer<Raw>(queue);
  producer.send_async({"x"}, {}, [](const Error*) { throw std::runtime_error("expected by the test"); });
  producer.send({"y"});
  EXPECT_EQ(sent().size(), 2u);
}

}  // namespace
}  // namespace omnibus
