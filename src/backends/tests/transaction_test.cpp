// Transactions through the Bus, on the embedded backend in memory and in a directory.
#include <stdlib.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <omnibus/omnibus.hpp>

namespace omnibus::test {
namespace {

using namespace std::chrono_literals;

struct Note {
  std::string text;
};

constexpr auto patience = 10s;
constexpr auto briefly = 50ms;

class Transactions : public ::testing::TestWithParam<bool> {
 protected:
  Transactions() {
    if (GetParam()) {
      auto pattern = (std::filesystem::temp_directory_path() / "omnibus-transaction-XXXXXX").string();
      directory_ = mkdtemp(pattern.data());
    }
    open();
  }
  ~Transactions() override {
    bus_.reset();
    std::error_code ignored;
    if (GetParam()) std::filesystem::remove_all(directory_, ignored);
  }
  void open() {
    bus_.reset();
    bus_.emplace(
        connect(GetParam() ? "embedded://" + directory_ + "/store?durability=process" : "embedded://"));
  }

  Bus& bus() { return *bus_; }
  Consumer<Note> inbox() { return bus().create_consumer<Note>(in, "readers"); }
  void feed(const std::string& text) { bus().create_producer<Note>(in).send({text}); }
  static std::vector<std::string> texts(Consumer<Note>& consumer, std::size_t count) {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(consumer.receive(patience)->text);
    return result;
  }

  const QueueName in = topic("in"), out = topic("out"), other = topic("other", Qos::exactly_once);

 private:
  std::string directory_;
  std::optional<Bus> bus_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, Transactions, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Directory" : "Memory"; });

TEST_P(Transactions, CommitOutputsAndAcknowledgementTogether) {
  auto inputs = inbox();
  auto results = bus().create_consumer<Note>(out, "s");
  auto more = bus().create_consumer<Note>(other, "s");
  feed("x");
  const auto message = inputs.receive(patience);
  bus().transact([&](Transaction& transaction) {
    transaction.send(out, Note{"one"}, {.properties = {{"colour", "red"}}, .key = "k"});
    transaction.send(out, Note{"two"});
    transaction.send(other, Note{"three"});
    transaction.acknowledge(inputs, message);
    EXPECT_FALSE(results.poll(briefly)) << "seen before the commit";
  });
  const auto first = results.receive(patience);
  EXPECT_EQ(first->text, "one");
  EXPECT_EQ(first.properties().value_or("colour", ""), "red");
  EXPECT_EQ(first.key(), "k");
  EXPECT_EQ(results.receive(patience)->text, "two");
  EXPECT_EQ(more.receive(patience)->text, "three");
  EXPECT_EQ(bus().statistics(in).subscriptions.at("readers").backlog, 0U);
}

TEST_P(Transactions, LeaveNothingWhenTheWorkThrows) {
  auto inputs = inbox();
  auto results = bus().create_consumer<Note>(out, "s");
  feed("x");
  const auto message = inputs.receive(patience);
  EXPECT_THROW(bus().transact([&](Transaction& transaction) {
    transaction.send(out, Note{"never"});
    transaction.send(out, Note{std::string(200'000, 'n')});
    transaction.acknowledge(inputs, message);
    throw std::runtime_error("changed my mind");
  }),
               std::runtime_error);
  EXPECT_FALSE(results.poll(briefly));
  inputs.acknowledge(message);  // held as before
  EXPECT_EQ(bus().statistics(in).subscriptions.at("readers").backlog, 0U);
}

TEST_P(Transactions, CommitNothingWhenAMessageIsNoLongerHeld) {
  auto inputs = inbox();
  auto results = bus().create_consumer<Note>(out, "s");
  feed("x");
  feed("y");
  const auto gone = inputs.receive(patience);
  const auto held = inputs.receive(patience);
  inputs.negative_acknowledge(gone);
  EXPECT_THROW(bus().transact([&](Transaction& transaction) {
    transaction.send(out, Note{"never"});
    transaction.acknowledge(inputs, held);
    transaction.acknowledge(inputs, gone);
  }),
               Error);
  EXPECT_FALSE(results.poll(briefly));
  inputs.acknowledge(held);
}

TEST_P(Transactions, ReturnWhatTheWorkReturns) {
  auto results = bus().create_consumer<Note>(out, "s");
  EXPECT_EQ(bus().transact([&](Transaction& transaction) {
    transaction.send(out, Note{"x"});
    return 7;
  }),
            7);
  EXPECT_EQ(results.receive(patience)->text, "x");
}

TEST_P(Transactions, CarryMoreThanAFrameHolds) {
  auto results = bus().create_consumer<Note>(out, "s");
  const std::string body(50'000, 'b');
  constexpr std::size_t count = 100;
  bus().transact([&](Transaction& transaction) {
    for (std::size_t i = 0; i < count; ++i) transaction.send(out, Note{std::to_string(i) + body});
  });
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(results.receive(patience)->text, std::to_string(i) + body);
  }
}

TEST_P(Transactions, RefuseMoreThanTheirLimit) {
  auto results = bus().create_consumer<Note>(out, "s");
  try {
    bus().transact([&](Transaction& transaction) {
      for (int i = 0; i < 1025; ++i) transaction.send(out, Note{"x"});
    });
    ADD_FAILURE() << "it was committed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::too_large);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("1024"));
  }
  EXPECT_FALSE(results.poll(briefly));
}

TEST_P(Transactions, SendBestEffortOutputsAfterTheCommit) {
  const auto q0 = topic("q0", Qos::best_effort);
  auto fast = bus().create_consumer<Note>(q0, "s");
  auto results = bus().create_consumer<Note>(out, "s");
  bus().transact([&](Transaction& transaction) {
    transaction.send(q0, Note{"fast"});
    transaction.send(out, Note{"safe"});
    EXPECT_FALSE(fast.poll(briefly));
  });
  EXPECT_EQ(fast.receive(patience)->text, "fast");
  EXPECT_EQ(results.receive(patience)->text, "safe");
}

TEST_P(Transactions, EndOnce) {
  auto transaction = bus().begin_transaction();
  transaction.send(out, Note{"x"});
  transaction.commit();
  transaction.abort();
  EXPECT_THROW(transaction.commit(), ClosedError);
  EXPECT_THROW(transaction.send(out, Note{"y"}), ClosedError);
}

TEST_P(Transactions, HoldTheirMessageUntilTheyEnd) {
  auto inputs = bus().create_consumer<Note>(in, "readers", {.window = 1});
  feed("x");
  feed("y");
  const auto message = inputs.receive(patience);
  auto transaction = bus().begin_transaction();
  transaction.acknowledge(inputs, message);
  EXPECT_THROW(transaction.acknowledge(inputs, message), Error) << "it joined already";
  transaction.commit();
  EXPECT_EQ(inputs.receive(patience)->text, "y");
}

TEST_P(Transactions, LeaveExactlyOneDeadLetter) {
  auto inputs = bus().create_consumer<Note>(in, "readers", {.max_attempts = 1});
  feed("poison");
  inputs.negative_acknowledge(inputs.receive(patience), "no use");
  auto dead = bus().create_consumer<Note>(dead_letter_queue(in, "readers"), "dead");
  const auto copy = dead.receive(patience);
  EXPECT_EQ(copy->text, "poison");
  EXPECT_EQ(copy.properties().value_or("omnibus-dead-reason", ""), "no use");
  EXPECT_FALSE(dead.poll(briefly));
  EXPECT_EQ(bus().statistics(in).subscriptions.at("readers").backlog, 0U);
}

}  // namespace
}  // namespace omnibus::test
