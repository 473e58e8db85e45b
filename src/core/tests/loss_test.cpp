/// What becomes of messages and of those who wait when the link is lost, and when a handle ends meanwhile.

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include <omnibus/bus.hpp>
#include <omnibus/log.hpp>
#include <omnibus/raw.hpp>

#include "core/tests/eventually.hpp"
#include "core/tests/fake_backend.hpp"
#include "core/tests/thrown.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const QueueName queue = topic("in");
const std::string dead_queue = "q1/tg/flow/in--s--dead";

class LossTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  Producer<Raw> producer = bus.create_producer<Raw>(queue);

  Consumer<Raw> consumer(ConsumerOptions options = {}) {
    return bus.create_consumer<Raw>(queue, "s", std::move(options));
  }
};

TEST_F(LossTest, SubscriptionMadeAnewIsCounted) {
  auto in = consumer();
  const std::string series =
      "omnibus_subscriptions_recreated_total{queue=\"q1/tg/flow/in\",subscription=\"s\"} 1";
  EXPECT_EQ(bus.metrics().text().find(series), std::string::npos);
  broker->recreates = true;
  broker->cut();
  broker->restore();
  producer.send({"x"});
  EXPECT_EQ(in.receive(10s)->bytes, "x");
  EXPECT_NE(bus.metrics().text().find(series), std::string::npos) << bus.metrics().text();
}

TEST_F(LossTest, ReconnectsThoughEveryPoolThreadWaitsForTheLink) {
  auto narrow = broker->connect({.max_handler_threads = 1});
  auto out = narrow.create_producer<Raw>(topic("out"));
  auto in = narrow.create_consumer<Raw>(queue, "s");
  std::optional<ErrorCode> sent, received;
  for (auto* code : {&sent, &received}) {
    broker->cut();
    std::latch waiting(1), done(1);
    narrow.post([&] {
      waiting.count_down();
      *code = code_of([&] { code == &sent ? out.send({"x"}) : static_cast<void>(in.receive(10s)); });
      done.count_down();
    });
    waiting.wait();
    broker->restore();
    if (code == &received) producer.send({"y"});
    done.wait();
  }
  EXPECT_EQ(sent, std::nullopt);
  EXPECT_EQ(received, std::nullopt);
}

TEST_F(LossTest, AProducerThatGoesInItsOwnCompletionStillTellsOfTheRest) {
  std::optional<Producer<Raw>> own = bus.create_producer<Raw>(topic("out"));
  broker->cut();
  std::atomic<bool> told = false;
  own->send_async({"waits"}, {}, [&](const Error* error) { told = error->code() == ErrorCode::closed; });
  own->send_async({"late"}, {.timeout = 1ms}, [&](const Error*) {
    own->close(1ms);
    own.reset();
  });
  EXPECT_TRUE(eventually([&] { return told.load(); }));
}

TEST_F(LossTest, AConsumerThatGoesInItsOwnHandlerStillTellsOfItsAcknowledgements) {
  broker->features.set(driver::Feature::ack_after_reconnect, driver::Support::native);
  std::optional<Consumer<Raw>> own = consumer();
  producer.send({"x"});
  const auto message = own->receive();
  std::latch started(1), go(1);
  own->receive_async([&](const Error*, std::optional<Message<Raw>>) {
    started.count_down();
    go.wait();
    own->close(1ms);
    own.reset();
  });
  producer.send({"y"});
  started.wait();
  broker->cut();
  std::atomic<bool> told = false;
  own->acknowledge_async(message, [&](const Error* error) { told = error->code() == ErrorCode::closed; });
  go.count_down();
  EXPECT_TRUE(eventually([&] { return told.load(); }));
}

TEST_F(LossTest, CloseEndsAWaitForADeadLetterThatCannotBeSent) {
  broker->features.set(driver::Feature::ack_after_reconnect, driver::Support::native);
  std::atomic<bool> down = false;
  auto inbox = consumer({.max_attempts = 1});
  producer.send({"first"});
  inbox.negative_acknowledge(inbox.receive());
  producer.send({"second"});
  const auto message = inbox.receive();
  log::set_handler([&](log::Level, std::string_view text) {
    if (text.find(dead_queue + " is lost") != std::string_view::npos) down = true;
  });
  broker->cut();
  std::promise<std::optional<ErrorCode>> settled;
  std::jthread user([&] { settled.set_value(code_of([&] { inbox.negative_acknowledge(message); })); });
  EXPECT_TRUE(eventually([&] { return down.load(); }));
  log::set_handler({});
  inbox.close(1ms);
  EXPECT_EQ(settled.get_future().get(), ErrorCode::closed);
}

TEST_F(LossTest, TheLastHandleMayGoInAnInlineCompletionOfALateSend) {
  std::optional<Bus> own = broker->connect();
  auto last =
      std::make_shared<Producer<Raw>>(own->create_producer<Raw>(topic("out"), {.inline_completion = true}));
  own.reset();
  broker->hold_confirms(true);
  std::latch gone(1);
  auto& out = *last;
  out.send_async({"x"}, {.timeout = 1ms}, [kept = std::move(last), &gone](const Error* error) mutable {
    EXPECT_EQ(error->code(), ErrorCode::timeout);
    kept.reset();
    gone.count_down();
  });
  gone.wait();
}

TEST_F(LossTest, AnAcknowledgementThatWaitedIsNotSaidOverTheNextLink) {
  auto inbox = consumer();
  std::vector<Message<Raw>> held;
  for (const char* text : {"1", "2", "3", "4"}) {
    producer.send({text});
    held.push_back(inbox.receive());
  }
  broker->hold_acks(true);
  // Two calls of the driver are under way then; the others gather.
  for (std::size_t i = 0; i < 2; ++i) inbox.acknowledge_async(held[i]);
  std::latch told(2);
  std::atomic<int> stale = 0;
  for (std::size_t i = 2; i < 4; ++i) {
    inbox.acknowledge_async(held[i], [&](const Error* error) {
      stale += error != nullptr && error->code() == ErrorCode::stale_ack ? 1 : 0;
      told.count_down();
    });
  }
  broker->cut();
  broker->hold_acks(false);
  broker->restore();
  told.wait();
  EXPECT_EQ(stale, 2);
  for (const char* text : {"3", "4"}) EXPECT_EQ(inbox.receive(10s)->bytes, text);
  EXPECT_EQ(broker->foreign_settlings(), 0u);
}

TEST_F(LossTest, ADeadLettersOriginalIsNotSettledOverTheNextLink) {
  for (const bool copied : {true, false}) {
    auto inbox = consumer({.redelivery = {.initial = 1ms, .maximum = 1ms}, .max_attempts = 1});
    producer.send({"poison"});
    const auto message = inbox.receive();
    broker->hold_confirms(true);
    std::promise<std::optional<ErrorCode>> settled;
    inbox.negative_acknowledge_async(message, "broken", [&](const Error* error) {
      settled.set_value(error != nullptr ? std::optional(error->code()) : std::nullopt);
    });
    ASSERT_TRUE(eventually([&] { return broker->unconfirmed() == 1; }));
    broker->cut();
    broker->restore();
    const auto again = inbox.receive(10s);
    if (!copied) broker->fail_next_create(Error(ErrorCode::forbidden, "no right"));
    broker->hold_confirms(false);
    settled.get_future().wait();
    EXPECT_EQ(broker->foreign_settlings(), 0u);
    inbox.acknowledge(again);
    EXPECT_EQ(broker->backlog(queue.str(), "s"), 0u);
  }
}

TEST_F(LossTest, ADriversConsumerEndsWithoutALockOfCore) {
  std::optional<Consumer<Raw>> inbox;
  std::atomic<bool> armed = false;
  broker->on_request = [&] {
    if (!armed.exchange(false)) return;
    broker->cut();
    broker->restore();
    // The next link is up, the former is held by this call alone.
    EXPECT_TRUE(eventually([&] { return broker->has_consumer(queue.str(), "s"); }));
    broker->on_consumer_end = [&] { inbox->poll(); };  // takes the lock
  };
  inbox = consumer({.window = 1});
  producer.send({"x"});
  const auto message = inbox->receive();
  armed = true;
  inbox->acknowledge_async(message);
  broker->on_consumer_end = {};
}

TEST_F(LossTest, ALinkThatBreaksBeforeItIsUsedFailsTheCreation) {
  broker->fail_next_link(Error(ErrorCode::unavailable, "broke at once", {.retryable = true}));
  EXPECT_EQ(code_of([&] { consumer(); }), ErrorCode::unavailable);
}

TEST_F(LossTest, AFailFastSendThatWasUnderWayIsUnavailable) {
  broker->on_send = [](const driver::Outgoing& message) -> std::optional<Error> {
    if (message.payload == "b") return Error(ErrorCode::unavailable, "the link broke", {.retryable = true});
    return std::nullopt;
  };
  broker->hold_confirms(true);
  auto fast = bus.create_producer<Raw>(topic("out"), {.fail_fast = true});
  std::promise<ErrorCode> first;
  fast.send_async({"a"}, {}, [&](const Error* error) { first.set_value(error->code()); });
  EXPECT_EQ(code_of([&] { fast.send({"b"}); }), ErrorCode::unavailable);
  EXPECT_EQ(first.get_future().get(), ErrorCode::unavailable);
}

TEST_F(LossTest, ADeadLetterProducerThatFailedIsReplaced) {
  std::atomic<bool> refused = false;
  broker->on_send = [&](const driver::Outgoing& message) -> std::optional<Error> {
    if (!message.properties.contains("omnibus-dead-reason") || refused.exchange(true)) return std::nullopt;
    return Error(ErrorCode::forbidden, "no right to send");
  };
  auto inbox = consumer({.redelivery = {.initial = 1ms, .maximum = 1ms}, .max_attempts = 1});
  producer.send({"poison"});
  inbox.negative_acknowledge(inbox.receive());
  inbox.negative_acknowledge(inbox.receive());
  EXPECT_THAT(broker->payloads(dead_queue), ElementsAre("poison"));
  EXPECT_EQ(broker->backlog(queue.str(), "s"), 0u);
}

}  // namespace
}  // namespace omnibus
