#include "omnibus/framework/producer.hpp"

#include <thread>

#include "framework/tests/support.hpp"
#include "omnibus/framework/publisher.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const QueueName queue = topic("out");

class ProducerTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();

  std::size_t stored() { return broker->payloads(queue.str()).size(); }
  double produced() { return counted(bus, "producer_count", labelled("p", "f", "out")); }
};

TEST_F(ProducerTest, ConnectsOnFirstUseAndCountsWhatWasAccepted) {
  framework::Producer<Note> producer(bus, "p", "f", "out", queue);
  EXPECT_EQ(broker->created(), 0u);
  producer.send({"one"}, {{"id", "1"}});
  producer.send_with({"two"}, {.key = "k"});
  std::promise<void> done;
  producer.send_async({"three"}, {}, [&](const Error* error) {
    EXPECT_EQ(error, nullptr);
    done.set_value();
  });
  done.get_future().wait();
  EXPECT_EQ(stored(), 3u);
  EXPECT_EQ(produced(), 3);
}

TEST_F(ProducerTest, ConnectsAtTheNextSendAfterAFailure) {
  broker->fail_next_create(Error(ErrorCode::forbidden, "no right"));
  framework::Producer<Note> producer(bus, "p", "f", "out", queue);
  EXPECT_EQ(code_of([&] { producer.send({"one"}); }), ErrorCode::forbidden);
  producer.send({"two"});
  EXPECT_EQ(stored(), 1u);
  EXPECT_EQ(produced(), 1);
}

TEST_F(ProducerTest, SendsAgainAfterTheLossOfTheLink) {
  framework::Producer<Note> producer(bus, "p", "f", "out", queue);
  producer.send({"one"});
  broker->cut();
  std::promise<void> done;
  producer.send_async({"two"}, {}, [&](const Error* error) {
    EXPECT_EQ(error, nullptr);
    done.set_value();
  });
  broker->restore();
  done.get_future().wait();
  EXPECT_EQ(stored(), 2u);
}

TEST_F(ProducerTest, RefusesToSendAfterStop) {
  framework::Producer<Note> producer(bus, "p", "f", "out", queue);
  producer.send({"one"});
  producer.stop();
  EXPECT_EQ(code_of([&] { producer.send({"two"}); }), ErrorCode::closed);
  EXPECT_EQ(code_of([&] { producer.send_async({"two"}, {}, {}); }), ErrorCode::closed);
}

TEST_F(ProducerTest, StopEndsAWaitForTheConnection) {
  for (int i = 0; i < 100; ++i) {
    broker->fail_next_create(Error(ErrorCode::unavailable, "no broker", {.retryable = true}));
  }
  framework::Producer<Note> producer(bus, "p", "f", "out", queue);
  auto sending = std::async(std::launch::async, [&] { return code_of([&] { producer.send({"one"}); }); });
  ASSERT_TRUE(eventually([&] { return broker->created() > 0; }));
  producer.stop();
  EXPECT_EQ(sending.get(), ErrorCode::closed);
}

class PublisherTest : public ProducerTest {
 protected:
  PublisherSettings settings() {
    PublisherSettings made;
    made.id = "p";
    made.queue = queue;
    made.retry = 1ms;
    return made;
  }
};

TEST_F(PublisherTest, SendsInOrderWithTheCorrelation) {
  Publisher<Note> publisher(bus, settings());
  auto inbox = bus.create_consumer<Note>(queue, "s");
  for (int i = 0; i < 30; ++i) publisher.send(i % 2 == 0 ? "c" + std::to_string(i) : "", {"x", i});
  for (int i = 0; i < 30; ++i) {
    const auto message = inbox.receive(10s);
    EXPECT_EQ(message->number, i);
    EXPECT_EQ(message.properties().value_or("id", "none"), i % 2 == 0 ? "c" + std::to_string(i) : "none");
  }
  EXPECT_EQ(publisher.stop().unsent, 0u);
}

TEST_F(PublisherTest, WaitsForAPlaceAndNotForTheBroker) {
  broker->hold_confirms(true);
  Publisher<Note> publisher(bus, settings());
  for (int i = 0; i < 10; ++i) publisher.send("", {"x", i});
  std::atomic<bool> accepted = false;
  auto eleventh = std::async(std::launch::async, [&] {
    publisher.send("", {"x", 10});
    accepted = true;
  });
  EXPECT_TRUE(eventually([&] { return broker->unconfirmed() == 10; }));
  EXPECT_FALSE(accepted);
  broker->hold_confirms(false);
  eleventh.get();
  EXPECT_EQ(publisher.stop().unsent, 0u);
  EXPECT_EQ(stored(), 11u);
}

TEST_F(PublisherTest, TriesAFailedItemAgainInItsPlace) {
  std::atomic<int> failures = 3;
  broker->on_send = [&](const driver::Outgoing&) -> std::optional<Error> {
    if (failures-- > 0) return Error(ErrorCode::no_space, "full", {.retryable = true});
    return std::nullopt;
  };
  Publisher<Note> publisher(bus, settings());
  for (int i = 0; i < 5; ++i) publisher.send("", {"x", i});
  EXPECT_EQ(publisher.stop(10s).unsent, 0u);
  EXPECT_EQ(stored(), 5u);
}

TEST_F(PublisherTest, ReportsWhatCanNeverBeSent) {
  broker->on_send = [](const driver::Outgoing& message) -> std::optional<Error> {
    if (message.payload.find("bad") != std::string::npos) return Error(ErrorCode::too_large, "too large");
    return std::nullopt;
  };
  Publisher<Note> publisher(bus, settings());
  publisher.send("", {"bad"});
  publisher.send("", {"good"});
  EXPECT_EQ(publisher.stop(10s).unsent, 1u);
  EXPECT_EQ(stored(), 1u);
}

TEST_F(PublisherTest, StopLeavesNothingBehindThatItDoesNotReport) {
  constexpr std::size_t rounds = 2000;
  std::size_t unsent = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    Publisher<Note> publisher(bus, settings());
    publisher.send("", {"x"});
    unsent += publisher.stop(10s).unsent;
  }
  EXPECT_EQ(stored() + unsent, rounds);
}

TEST_F(PublisherTest, ReportsLeftoversAndRefusesNewItemsAfterStop) {
  broker->cut();
  auto mine = settings();
  mine.options.send_timeout = 1h;
  Publisher<Note> publisher(bus, mine);
  for (int i = 0; i < 4; ++i) publisher.send("", {"x", i});
  EXPECT_EQ(publisher.stop(10ms).unsent, 4u);
  try {
    publisher.send("", {"late"});
    FAIL() << "accepted after stop";
  } catch (const ClosedError& error) {
    EXPECT_STREQ(error.what(), "Publisher is shutting down, not accepting new messages");
  }
}

TEST_F(PublisherTest, RefusesACapacityOfNothing) {
  EXPECT_THROW(Publisher<Note>(bus, "p", queue, 0), ConfigError);
}

}  // namespace
}  // namespace omnibus::framework
