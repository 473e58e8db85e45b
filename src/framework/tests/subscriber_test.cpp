#include "omnibus/framework/subscriber.hpp"

#include "framework/tests/support.hpp"

namespace omnibus::framework {
namespace {

const QueueName queue = topic("answers");

class SubscriberTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  omnibus::Producer<Note> producer = bus.create_producer<Note>(queue);

  static SubscriberSettings settings(Overflow overflow = Overflow::block) {
    SubscriberSettings made;
    made.id = "p";
    made.name = "answers";
    made.queue = queue;
    made.subscription = "s";
    made.capacity = 2;
    made.overflow = overflow;
    made.reconnect = 1ms;
    return made;
  }
  void send(const std::string& id, int number) { producer.send({"x", number}, {.properties = {{"id", id}}}); }
  double counter(std::string_view name) { return counted(bus, name, labelled("p", "None", "answers")); }
  bool received(int count) {
    return eventually([&] { return counter("received_count") >= count; });
  }
};

TEST_F(SubscriberTest, IsSubscribedWhenStartReturns) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  EXPECT_TRUE(broker->has_subscription(queue.str(), "s"));
  auto waiter = subscriber.subscribe_all();
  send("a", 1);
  EXPECT_EQ((*waiter->receive(10s))->number, 1);
}

TEST_F(SubscriberTest, FansOutByTheProperty) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  auto a = subscriber.subscribe("a");
  auto also_a = subscriber.subscribe("a");
  auto all = subscriber.subscribe_all();
  send("a", 1);
  producer.send({"no property", 2});
  EXPECT_EQ((*a->receive(10s))->number, 1);
  EXPECT_EQ((*also_a->receive(10s))->number, 1);
  EXPECT_EQ((*all->receive(10s))->number, 1);
  EXPECT_EQ((*all->receive(10s))->number, 2);
  EXPECT_EQ(a->receive(0s), std::nullopt);
}

TEST_F(SubscriberTest, AcknowledgesWhatNobodyWaitsFor) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  send("nobody", 1);
  EXPECT_TRUE(received(1));
  EXPECT_TRUE(eventually([&] { return broker->backlog(queue.str(), "s") == 0; }));
}

TEST_F(SubscriberTest, AcknowledgesAgainWhatTheBrokerCouldNotStore) {
  for (int i = 0; i < 3; ++i) broker->fail_next_ack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  auto mine = settings();
  mine.options = quick_redelivery();
  Subscriber<Note> subscriber(bus, mine);
  subscriber.start();
  send("nobody", 1);
  EXPECT_TRUE(eventually([&] { return broker->backlog(queue.str(), "s") == 0; }));
}

TEST_F(SubscriberTest, AFullWaiterStallsUntilItTakes) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  auto waiter = subscriber.subscribe("a");
  for (int i = 0; i < 10; ++i) send("a", i);
  ASSERT_TRUE(received(3));
  for (int i = 0; i < 10; ++i) EXPECT_EQ((*waiter->receive(10s))->number, i);
  EXPECT_EQ(counter("dropped_count"), 0);
}

TEST_F(SubscriberTest, AFullWaiterThatLeavesStallsNobody) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  auto idle = subscriber.subscribe("a");
  auto busy = subscriber.subscribe("b");
  for (int i = 0; i < 3; ++i) send("a", i);
  send("b", 7);
  ASSERT_TRUE(received(3));
  EXPECT_EQ(busy->receive(0s), std::nullopt);
  idle.reset();
  EXPECT_EQ((*busy->receive(10s))->number, 7);
}

TEST_F(SubscriberTest, MayDropTheOldest) {
  Subscriber<Note> subscriber(bus, settings(Overflow::drop_oldest));
  subscriber.start();
  auto waiter = subscriber.subscribe("a");
  for (int i = 0; i < 5; ++i) send("a", i);
  ASSERT_TRUE(eventually([&] { return counter("dropped_count") == 3; }));
  EXPECT_EQ((*waiter->receive(10s))->number, 3);
  EXPECT_EQ((*waiter->receive(10s))->number, 4);
}

TEST_F(SubscriberTest, MayDropTheNew) {
  Subscriber<Note> subscriber(bus, settings(Overflow::drop_new));
  subscriber.start();
  auto waiter = subscriber.subscribe("a");
  for (int i = 0; i < 5; ++i) send("a", i);
  ASSERT_TRUE(eventually([&] { return counter("dropped_count") == 3; }));
  EXPECT_EQ((*waiter->receive(10s))->number, 0);
  EXPECT_EQ((*waiter->receive(10s))->number, 1);
}

TEST_F(SubscriberTest, TellsItsWaitersOnceThatTheLinkDroppedAndGoesOn) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  auto waiter = subscriber.subscribe("a");
  broker->cut();
  EXPECT_EQ(code_of([&] { waiter->receive(10s); }), ErrorCode::unavailable);
  EXPECT_EQ(waiter->receive(0s), std::nullopt);
  broker->restore();
  ASSERT_TRUE(eventually([&] { return broker->has_consumer(queue.str(), "s"); }));
  send("a", 5);
  EXPECT_EQ((*waiter->receive(10s))->number, 5);
}

TEST_F(SubscriberTest, AFailedStartMayBeRepeated) {
  broker->fail_next_create(Error(ErrorCode::unavailable, "no broker", {.retryable = true}));
  Subscriber<Note> subscriber(bus, settings());
  EXPECT_EQ(code_of([&] { subscriber.start(); }), ErrorCode::unavailable);
  subscriber.start();
  EXPECT_TRUE(broker->has_subscription(queue.str(), "s"));
}

TEST_F(SubscriberTest, StopWaitsForTheWaitersAndEndsTheirWaits) {
  Subscriber<Note> subscriber(bus, settings());
  subscriber.start();
  auto waiter = subscriber.subscribe("a");
  send("a", 1);
  ASSERT_TRUE(received(1));
  auto stopping = std::async(std::launch::async, [&] { subscriber.stop(10s); });
  EXPECT_EQ((*waiter->receive(10s))->number, 1);
  EXPECT_EQ(code_of([&] { waiter->receive(10s); }), ErrorCode::closed);
  stopping.get();
  EXPECT_EQ(code_of([&] { subscriber.subscribe("b"); }), ErrorCode::closed);
}

TEST_F(SubscriberTest, AWaiterOutlivesItsSubscriber) {
  std::unique_ptr<Subscriber<Note>::Queue> waiter;
  {
    Subscriber<Note> subscriber(bus, settings());
    subscriber.start();
    waiter = subscriber.subscribe("a");
  }
  EXPECT_EQ(code_of([&] { waiter->receive(10s); }), ErrorCode::closed);
}

}  // namespace
}  // namespace omnibus::framework
