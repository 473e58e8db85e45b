// Transactions above a scripted driver: what callers see of failures, and what stays held.
#include <gtest/gtest.h>

#include <omnibus/omnibus.hpp>

#include "core/tests/fake_backend.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;

struct Note {
  std::string text;
};

class TransactionTest : public ::testing::Test {
 protected:
  TransactionTest() { broker->features.set(driver::Feature::transactions, driver::Support::native); }

  /// Relays one message in a transaction; the code of what it throws.
  std::optional<ErrorCode> relay() {
    const auto message = inputs.receive(10s);
    try {
      bus.transact([&](Transaction& transaction) {
        transaction.send(out, Note{"result"});
        transaction.acknowledge(inputs, message);
      });
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  const std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  const QueueName in = topic("in"), out = topic("out");
  Consumer<Note> inputs = bus.create_consumer<Note>(in, "s", {.window = 1});
  Producer<Note> source = bus.create_producer<Note>(in);
};

TEST_F(TransactionTest, CommitsAndGoesOn) {
  for (int i = 0; i < 3; ++i) {
    source.send({"x"});
    EXPECT_EQ(relay(), std::nullopt);
  }
  EXPECT_EQ(broker->payloads(out.str()).size(), 3U);
  EXPECT_EQ(broker->backlog(in.str(), "s"), 0U);
}

TEST_F(TransactionTest, HoldsItsMessagesAgainAfterARefusedCommit) {
  source.send({"x"});
  const auto message = inputs.receive(10s);
  broker->fail_next_commit(Error(ErrorCode::no_space, "full"));
  auto transaction = bus.begin_transaction();
  transaction.send(out, Note{"result"});
  transaction.acknowledge(inputs, message);
  EXPECT_THROW(transaction.commit(), Error);
  EXPECT_TRUE(broker->payloads(out.str()).empty());
  inputs.acknowledge(message);
  EXPECT_EQ(broker->backlog(in.str(), "s"), 0U);
}

TEST_F(TransactionTest, SaysSoWhenTheOutcomeIsUnknown) {
  source.send({"x"});
  broker->fail_next_commit(Error(ErrorCode::unknown_outcome, "the link broke"));
  EXPECT_EQ(relay(), ErrorCode::unknown_outcome);
  source.send({"y"});
  EXPECT_EQ(relay(), std::nullopt) << "the window is free for the next one";
}

TEST_F(TransactionTest, AbortsWhenASendWasRefused) {
  source.send({"x"});
  broker->on_send = [](const driver::Outgoing&) -> std::optional<Error> {
    return Error(ErrorCode::forbidden, "not here");
  };
  EXPECT_EQ(relay(), ErrorCode::forbidden);
  broker->on_send = nullptr;
  EXPECT_EQ(broker->backlog(in.str(), "s"), 1U);
}

TEST_F(TransactionTest, IsRefusedWhereTheBackendHasNone) {
  broker->features.set(driver::Feature::transactions, driver::Support::missing, "not here");
  EXPECT_THROW(bus.begin_transaction(), ConfigError);
}

TEST_F(TransactionTest, ChecksWhatItSends) {
  auto transaction = bus.begin_transaction();
  EXPECT_THROW(transaction.send(out, Note{std::string(2u << 20, 'x')}), Error);
  EXPECT_THROW(transaction.send(out, Note{"x"}, {.properties = {{"omnibus-x", "y"}}}), ConfigError);
  EXPECT_THROW(transaction.send(out, Note{"\xff"}), EncodeError);
  transaction.commit();
}

TEST_F(TransactionTest, LetsItsConsumerCloseAfterIt) {
  source.send({"x"});
  const auto message = inputs.receive(10s);
  auto transaction = bus.begin_transaction();
  transaction.acknowledge(inputs, message);
  transaction.commit();
  EXPECT_EQ(inputs.close().running, 0U);
  EXPECT_EQ(broker->backlog(in.str(), "s"), 0U);
}

TEST_F(TransactionTest, MovesADeadLetterAtOnce) {
  auto strict = bus.create_consumer<Note>(topic("strict"), "s", {.max_attempts = 1});
  bus.create_producer<Note>(topic("strict")).send({"x"});
  strict.negative_acknowledge(strict.receive(10s), "no use");
  const auto dead = dead_letter_queue(topic("strict"), "s").str();
  EXPECT_EQ(broker->payloads(dead).size(), 1U);
  EXPECT_EQ(broker->backlog(topic("strict").str(), "s"), 0U);
}

TEST_F(TransactionTest, KeepsADyingMessageWhoseMoveFailed) {
  auto strict =
      bus.create_consumer<Note>(topic("strict"), "s", {.redelivery = {.maximum = 1h}, .max_attempts = 1});
  bus.create_producer<Note>(topic("strict")).send({"x"});
  broker->fail_next_commit(Error(ErrorCode::no_space, "full"));
  strict.negative_acknowledge(strict.receive(10s), "no use");
  EXPECT_EQ(broker->nack_delays(), std::vector<Duration>{1h});
  EXPECT_TRUE(broker->payloads(dead_letter_queue(topic("strict"), "s").str()).empty());
}

}  // namespace
}  // namespace omnibus
