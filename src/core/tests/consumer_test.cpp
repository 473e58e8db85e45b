#include <omnibus/consumer.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include <gmock/gmock.h>

#include <omnibus/raw.hpp>

#include "core/tests/eventually.hpp"
#include "core/tests/fake_backend.hpp"
#include "core/tests/thrown.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const QueueName queue = topic("in");
const std::string dead_queue = "q1/tg/flow/in--s--dead";

class ConsumerTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  Producer<Raw> producer = bus.create_producer<Raw>(queue);

  Consumer<Raw> consumer(ConsumerOptions options = {}) {
    return bus.create_consumer<Raw>(queue, "s", std::move(options));
  }
  std::size_t backlog() { return broker->backlog(queue.str(), "s"); }
};

TEST_F(ConsumerTest, ReceivesWhatWasSentWithEverythingAboutIt) {
  auto inbox = consumer();
  producer.send({"hello"}, {.properties = {{"a", "b"}}, .key = "k"});
  const auto message = inbox.receive();
  EXPECT_EQ(message->bytes, "hello");
  EXPECT_EQ(message.properties(), (Properties{{"a", "b"}}));
  EXPECT_EQ(message.key(), "k");
  EXPECT_EQ(message.attempt(), 1u);
  EXPECT_EQ(message.payload(), "hello");
  inbox.acknowledge(message);
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, SilenceIsATimeoutOfReceiveAndNothingOfPoll) {
  auto inbox = consumer();
  EXPECT_THROW(inbox.receive(1ms), TimeoutError);
  EXPECT_FALSE(inbox.poll(1ms));
  EXPECT_FALSE(inbox.poll());
}

TEST_F(ConsumerTest, AWaitingReceiveIsWoken) {
  auto inbox = consumer();
  std::string got;
  std::jthread receiver([&] { got = inbox.receive(10s)->bytes; });
  producer.send({"x"});
  receiver.join();
  EXPECT_EQ(got, "x");
}

TEST_F(ConsumerTest, NeverHoldsMoreThanItsWindow) {
  auto inbox = consumer({.window = 5});
  for (int i = 0; i < 50; ++i) producer.send({std::to_string(i)});
  std::vector<Message<Raw>> held;
  while (auto message = inbox.poll(10ms)) held.push_back(std::move(*message));
  EXPECT_EQ(held.size(), 5u);
  for (int i = 5; i < 50; ++i) {
    inbox.acknowledge(held.front());
    held.erase(held.begin());
    held.push_back(inbox.receive());
    EXPECT_EQ(held.back()->bytes, std::to_string(i));
  }
  EXPECT_LE(broker->most_unacked(), 5u);
}

TEST_F(ConsumerTest, TakesWhatABrokerDeliversBeyondItsCredit) {
  broker->overshoot = 7;
  auto inbox = consumer({.window = 3});
  for (int i = 0; i < 30; ++i) producer.send({std::to_string(i)});
  for (int i = 0; i < 30; ++i) {
    const auto message = inbox.receive();
    EXPECT_EQ(message->bytes, std::to_string(i));
    inbox.acknowledge(message);
  }
}

TEST_F(ConsumerTest, ByteBudgetHoldsBackWhatNobodyTakes) {
  auto small = broker->connect({.max_buffered = 1'000});
  auto inbox = small.create_consumer<Raw>(queue, "s", {.window = 1'000});
  for (int i = 0; i < 100; ++i) producer.send({std::string(100, 'x')});
  EXPECT_GE(broker->most_unacked(), 5u);
  EXPECT_LE(broker->most_unacked(), 11u);  // nothing was taken: all of it is buffered
  for (int i = 0; i < 100; ++i) EXPECT_EQ(inbox.receive()->bytes.size(), 100u);
}

TEST_F(ConsumerTest, AMessageLargerThanTheBudgetPasses) {
  auto small = broker->connect({.max_buffered = 10});
  auto first = small.create_consumer<Raw>(queue, "one");
  auto second = small.create_consumer<Raw>(queue, "two");
  for (int i = 0; i < 3; ++i) producer.send({std::string(100, 'x')});
  for (int i = 0; i < 3; ++i) {
    first.acknowledge(first.receive());
    second.acknowledge(second.receive());
  }
}

TEST_F(ConsumerTest, DoubleAcknowledgeIsNoError) {
  auto inbox = consumer();
  producer.send({"x"});
  const auto message = inbox.receive();
  inbox.acknowledge(message);
  inbox.acknowledge(message);
  inbox.negative_acknowledge(message);
  EXPECT_EQ(backlog(), 0u);
  EXPECT_FALSE(inbox.poll(1ms));
}

TEST_F(ConsumerTest, AcknowledgingWhatWasGivenBackIsStale) {
  auto inbox = consumer({.redelivery = {.initial = 1ms}});
  producer.send({"x"});
  const auto first = inbox.receive();
  inbox.negative_acknowledge(first);
  EXPECT_CODE(inbox.acknowledge(first), ErrorCode::stale_ack);
  const auto second = inbox.receive();
  EXPECT_CODE(inbox.acknowledge(first), ErrorCode::stale_ack);
  inbox.acknowledge(second);
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, AFailedAcknowledgementMayBeTriedAgain) {
  auto inbox = consumer();
  producer.send({"x"});
  const auto message = inbox.receive();
  broker->fail_next_ack(Error(ErrorCode::io, "disk"));
  EXPECT_CODE(inbox.acknowledge(message), ErrorCode::io);
  EXPECT_EQ(backlog(), 1u);
  inbox.acknowledge(message);
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, RedeliversAfterNackWithGrowingDelay) {
  auto inbox = consumer({.redelivery = {.initial = 1ms, .maximum = 4ms, .jitter = 0}});
  producer.send({"x"});
  for (std::uint32_t attempt = 1; attempt <= 5; ++attempt) {
    const auto message = inbox.receive();
    EXPECT_EQ(message.attempt(), attempt);
    inbox.negative_acknowledge(message, "not now");
  }
  inbox.acknowledge(inbox.receive());
  EXPECT_THAT(broker->nack_delays(), ElementsAre(1ms, 2ms, 4ms, 4ms, 4ms));
}

TEST_F(ConsumerTest, CountsAttemptsItselfWhereTheBrokerDoesNot) {
  broker->count_attempts = false;
  auto inbox = consumer({.redelivery = {.initial = 1ms}});
  producer.send({"x"});
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    const auto message = inbox.receive();
    EXPECT_EQ(message.attempt(), attempt);
    inbox.negative_acknowledge(message);
  }
}

TEST_F(ConsumerTest, MovesAMessageToTheDeadLetterQueueAtMaxAttempts) {
  auto inbox = consumer({.redelivery = {.initial = 1ms}, .max_attempts = 2});
  producer.send({"poison"}, {.properties = {{"mine", "kept"}}, .key = "k"});
  inbox.negative_acknowledge(inbox.receive(), "first");
  inbox.negative_acknowledge(inbox.receive(), "broken\xff");
  EXPECT_EQ(backlog(), 0u);
  EXPECT_TRUE(broker->has_subscription(dead_queue, "dead"));
  auto dead = bus.create_consumer<Raw>(QueueName::parse(dead_queue), "dead");
  const auto copy = dead.receive();
  EXPECT_EQ(copy->bytes, "poison");
  EXPECT_EQ(copy.key(), "k");
  EXPECT_EQ(copy.properties(), (Properties{{"mine", "kept"},
                                           {"omnibus-dead-reason", "broken?"},
                                           {"omnibus-dead-attempts", "2"},
                                           {"omnibus-dead-origin", queue.str()}}));
  EXPECT_THAT(bus.metrics().text(), HasSubstr("omnibus_dead_lettered_total"));
}

TEST_F(ConsumerTest, AcknowledgesOnlyAfterTheDeadCopyIsConfirmed) {
  auto inbox = consumer({.max_attempts = 1});
  producer.send({"poison"});
  const auto message = inbox.receive();
  broker->hold_confirms(true);
  std::latch done(1);
  inbox.negative_acknowledge_async(message, "broken", [&](const Error* error) {
    EXPECT_EQ(error, nullptr);
    done.count_down();
  });
  ASSERT_TRUE(eventually([&] { return broker->unconfirmed() == 1; }));
  EXPECT_EQ(backlog(), 1u);
  broker->hold_confirms(false);
  done.wait();
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, KeepsTheMessageWhenNoDeadCopyIsPossible) {
  auto inbox = consumer({.redelivery = {.initial = 1ms, .maximum = 3ms, .jitter = 0}, .max_attempts = 1});
  producer.send({"poison"});
  const auto message = inbox.receive();
  broker->fail_next_create(Error(ErrorCode::forbidden, "no right to create"));
  inbox.negative_acknowledge(message, "broken");
  EXPECT_THAT(broker->nack_delays(), ElementsAre(3ms));
  inbox.negative_acknowledge(inbox.receive(), "broken");  // the next try succeeds
  EXPECT_EQ(broker->payloads(dead_queue).size(), 1u);
  EXPECT_EQ(backlog(), 0u);
  EXPECT_THAT(bus.metrics().text(), HasSubstr("omnibus_dead_letter_errors_total"));
}

struct Number {
  std::int64_t value = 0;
};

void write_number(const void* value, const schema::JsonOptions&, std::string& out) {
  out += std::to_string(static_cast<const Number*>(value)->value);
}
void read_number(std::string_view json, const schema::JsonOptions&, void* value) {
  if (json.find_first_not_of("0123456789") != std::string_view::npos) {
    throw DecodeError("not a number", "Number", "$", 0);
  }
  static_cast<Number*>(value)->value = std::stoll(std::string(json));
}
const schema::Type number_type{.kind = schema::Kind::structure,
                               .name = "Number",
                               .encode_json = write_number,
                               .decode_json = read_number};

TEST_F(ConsumerTest, RejectsWhatItCannotDecodeAndGoesOn) {
  Consumer<Number> inbox(bus.create_consumer(queue, "s", number_type, {.max_attempts = 1}));
  producer.send({"not a number"});
  producer.send({"42"});
  EXPECT_EQ(inbox.receive()->value, 42);
  EXPECT_TRUE(eventually([&] { return broker->payloads(dead_queue).size() == 1; }));
  EXPECT_THAT(bus.metrics().text(), HasSubstr("omnibus_decode_errors_total"));
}

TEST_F(ConsumerTest, AnAcknowledgementThatNobodyHearsOfIsTriedAgain) {
  for (int i = 0; i < 3; ++i) broker->fail_next_ack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  auto inbox = consumer({.window = 1, .redelivery = {.initial = 1ms, .maximum = 1ms}});
  producer.send({"1"});
  producer.send({"2"});
  inbox.acknowledge_async(inbox.receive(10s));
  const auto next = inbox.receive(10s);  // the window has room for it
  EXPECT_EQ(next->bytes, "2");
  inbox.acknowledge(next);
  EXPECT_TRUE(eventually([&] { return backlog() == 0; }));
}

TEST_F(ConsumerTest, AFailureWithACompletionIsLeftToItsUser) {
  broker->fail_next_ack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  auto inbox = consumer({.redelivery = {.initial = 1ms, .maximum = 1ms}});
  producer.send({"1"});
  const auto message = inbox.receive(10s);
  EXPECT_CODE(inbox.acknowledge(message), ErrorCode::no_space);
  broker->fail_next_ack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  std::promise<ErrorCode> told;
  inbox.acknowledge_async(message, [&](const Error* error) { told.set_value(error->code()); });
  EXPECT_EQ(told.get_future().get(), ErrorCode::no_space);
  EXPECT_EQ(backlog(), 1u);
  inbox.acknowledge(message);
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, GivesBackAgainWhatTheBrokerCouldNotTakeBack) {
  for (int i = 0; i < 3; ++i) broker->fail_next_nack(Error(ErrorCode::no_space, "full", {.retryable = true}));
  Consumer<Number> inbox(
      bus.create_consumer(queue, "s", number_type,
                          {.window = 1, .redelivery = {.initial = 1ms, .maximum = 1ms}, .max_attempts = 2}));
  producer.send({"not a number"});
  producer.send({"42"});
  const auto message = inbox.receive(10s);
  EXPECT_EQ(message->value, 42);
  inbox.acknowledge(message);
  EXPECT_TRUE(eventually([&] { return !inbox.poll() && broker->payloads(dead_queue).size() == 1; }));
}

TEST_F(ConsumerTest, SubscribesAgainAfterALossAndSeesTheUnsettledAgain) {
  auto inbox = consumer();
  for (const char* text : {"1", "2", "3"}) producer.send({text});
  const auto first = inbox.receive();
  broker->cut();
  EXPECT_CODE(inbox.acknowledge(first), ErrorCode::stale_ack);
  EXPECT_CODE(inbox.receive(1ms), ErrorCode::unavailable);
  broker->restore();
  for (const char* text : {"1", "2", "3"}) {
    const auto message = inbox.receive(10s);
    EXPECT_EQ(message->bytes, text);
    inbox.acknowledge(message);
  }
  EXPECT_CODE(inbox.acknowledge(first), ErrorCode::stale_ack);
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, AppliesAnAcknowledgementAfterReconnectWhereIdsOutliveTheLink) {
  broker->features.set(driver::Feature::ack_after_reconnect, driver::Support::native);
  auto inbox = consumer();
  producer.send({"x"});
  const auto message = inbox.receive();
  broker->cut();
  std::latch done(1);
  std::optional<Error> error;
  inbox.acknowledge_async(message, [&](const Error* failure) {
    if (failure != nullptr) error = *failure;
    done.count_down();
  });
  broker->restore();
  done.wait();
  // The fake gave the message to the new link with a new attempt: its verdict is passed on.
  EXPECT_EQ(error ? error->code() : ErrorCode::stale_ack, ErrorCode::stale_ack);
}

TEST_F(ConsumerTest, FailFastReceiveDoesNotWaitForTheLink) {
  auto inbox = consumer({.fail_fast = true});
  std::optional<Error> error;
  std::latch waiting(1);
  std::jthread receiver([&] {
    waiting.count_down();
    error = error_of([&] { inbox.receive(1h); });
  });
  waiting.wait();
  broker->cut();
  receiver.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::unavailable);
}

TEST_F(ConsumerTest, AFatalAnswerToSubscribingAgainReachesEveryReceive) {
  auto inbox = consumer();
  broker->cut();
  broker->fail_next_create(Error(ErrorCode::conflict, "another consumer took over"));
  broker->restore();
  EXPECT_CODE(inbox.receive(10s), ErrorCode::conflict);
  EXPECT_CODE(inbox.receive(), ErrorCode::conflict);
}

TEST_F(ConsumerTest, ReceiveAsyncServesInOrder) {
  auto inbox = consumer();
  std::latch done(3);
  std::array<std::string, 3> got;
  for (std::size_t i = 0; i < 3; ++i) {
    inbox.receive_async([&, i](const Error* error, std::optional<Message<Raw>> message) {
      ASSERT_EQ(error, nullptr);
      got[i] = (*message)->bytes;
      done.count_down();
    });
  }
  for (const char* text : {"1", "2", "3"}) producer.send({text});
  done.wait();
  EXPECT_THAT(got, ElementsAre("1", "2", "3"));
}

TEST_F(ConsumerTest, CloseWaitsForCompletionsThatRun) {
  auto in = consumer();
  producer.send({"one"});
  std::promise<void> go;
  std::atomic<bool> heard = false;
  in.acknowledge_async(in.receive(10s), [&, gone = go.get_future().share()](const Error*) {
    gone.wait();
    heard = true;
  });
  bus.post_at(deadline_after(30ms), [&] { go.set_value(); });
  in.close(10s);
  EXPECT_TRUE(heard);
}

TEST_F(ConsumerTest, CloseEndsEveryWait) {
  auto inbox = consumer();
  std::latch told(1), waiting(1);
  inbox.receive_async([&](const Error* error, std::optional<Message<Raw>> message) {
    EXPECT_EQ(error->code(), ErrorCode::closed);
    EXPECT_FALSE(message);
    told.count_down();
  });
  std::optional<Error> error;
  std::jthread receiver([&] {
    waiting.count_down();
    error = error_of([&] { inbox.receive(1h); });
  });
  waiting.wait();
  inbox.close();
  receiver.join();
  told.wait();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::closed);
  EXPECT_CODE(inbox.receive(), ErrorCode::closed);
}

TEST_F(ConsumerTest, WhatWasNotAcknowledgedGoesBackAtClose) {
  producer.close();
  auto sender = bus.create_producer<Raw>(queue);
  auto inbox = consumer();
  sender.send({"x"});
  sender.send({"y"});
  const auto message = inbox.receive();
  EXPECT_EQ(inbox.close().running, 1u);
  EXPECT_CODE(inbox.acknowledge(message), ErrorCode::closed);
  auto next = consumer();
  EXPECT_EQ(next.receive()->bytes, "x");
  EXPECT_EQ(next.receive()->bytes, "y");
}

TEST_F(ConsumerTest, CloseWaitsForARunningHandlerAndItsAcknowledgement) {
  auto inbox = consumer();
  std::latch started(1), go(1);
  std::atomic<bool> acknowledged = false;
  inbox.receive_async([&](const Error*, std::optional<Message<Raw>> message) {
    started.count_down();
    go.wait();
    inbox.acknowledge(*message);
    acknowledged = true;
  });
  producer.send({"x"});
  started.wait();
  std::jthread closer([&] {
    const auto report = inbox.close();
    EXPECT_TRUE(acknowledged);
    EXPECT_EQ(report.running, 0u);
  });
  go.count_down();
  closer.join();
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, CloseGivesUpOnAHandlerAtItsDeadline) {
  auto inbox = consumer();
  std::latch started(1), go(1), ended(1);
  inbox.receive_async([&](const Error*, std::optional<Message<Raw>> message) {
    started.count_down();
    go.wait();
    EXPECT_CODE(inbox.acknowledge(*message), ErrorCode::closed);
    ended.count_down();
  });
  producer.send({"x"});
  started.wait();
  EXPECT_EQ(inbox.close(1ms).running, 1u);
  go.count_down();
  ended.wait();
  EXPECT_EQ(backlog(), 1u);
}

TEST_F(ConsumerTest, CloseInsideItsOwnHandlerReturns) {
  auto inbox = consumer();
  std::latch closed(1);
  inbox.receive_async([&](const Error*, std::optional<Message<Raw>> message) {
    inbox.close();
    inbox.acknowledge(*message);  // still allowed: this handler runs
    closed.count_down();
  });
  producer.send({"x"});
  closed.wait();
  inbox.close();
  EXPECT_EQ(backlog(), 0u);
}

TEST_F(ConsumerTest, ADroppedConsumerEndsItsWaitingReceivers) {
  std::latch told(1);
  {
    auto inbox = consumer();
    inbox.receive_async([&](const Error* error, std::optional<Message<Raw>>) {
      EXPECT_EQ(error->code(), ErrorCode::closed);
      told.count_down();
    });
  }
  told.wait();
}

TEST_F(ConsumerTest, AnEmptySubscriptionNameIsGeneratedAndEphemeral) {
  std::string name;
  {
    auto inbox = bus.create_consumer<Raw>(queue, "");
    name = inbox.subscription();
    EXPECT_THAT(name, testing::StartsWith("ephemeral-"));
    producer.send({"x"});
    EXPECT_EQ(inbox.receive()->bytes, "x");
    EXPECT_THAT(bus.metrics().text(), testing::Not(HasSubstr(name)));
  }
  EXPECT_TRUE(eventually([&] { return !broker->has_subscription(queue.str(), name); }));
}

TEST_F(ConsumerTest, BestEffortNeedsNoAcknowledgement) {
  auto sender = bus.create_producer<Raw>(topic("q0", Qos::best_effort));
  auto inbox = bus.create_consumer<Raw>(topic("q0", Qos::best_effort), "s", {.window = 2});
  for (int i = 0; i < 20; ++i) {
    sender.send({std::to_string(i)});
    const auto message = inbox.receive();
    EXPECT_EQ(message->bytes, std::to_string(i));
    EXPECT_EQ(message.attempt(), 1u);
    if (i % 2 == 0) inbox.acknowledge(message);
  }
}

TEST_F(ConsumerTest, CreationChecksNamesOptionsAndAbilities) {
  EXPECT_CODE(bus.create_consumer<Raw>(queue, "a\nb"), ErrorCode::config);
  EXPECT_CODE(bus.create_consumer<Raw>({.name = "x", .tenant = ""}, "s"), ErrorCode::config);
  EXPECT_CODE(consumer({.window = 0}), ErrorCode::config);
  broker->features.set(driver::Feature::failover, driver::Support::missing, "one consumer only");
  EXPECT_CODE(consumer({.sharing = Sharing::failover}), ErrorCode::config);
  auto holder = consumer({.sharing = Sharing::exclusive});
  EXPECT_CODE(consumer({.sharing = Sharing::exclusive}), ErrorCode::conflict);
}

TEST_F(ConsumerTest, UnsubscribeRemovesTheSubscriptionAndCloses) {
  auto inbox = consumer();
  inbox.unsubscribe();
  EXPECT_FALSE(broker->has_subscription(queue.str(), "s"));
  EXPECT_CODE(inbox.receive(), ErrorCode::closed);
}

}  // namespace
}  // namespace omnibus
