#include "omnibus/framework/request_response.hpp"

#include <stdexcept>
#include <thread>

#include "framework/pending_request.hpp"
#include "framework/tests/support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

const QueueName requests = topic("asks");
const QueueName responses = topic("answers");

class RequestResponseTest : public testing::Test {
 protected:
  using Client = RequestResponse<Note, Note>;
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
  Bus bus = broker->connect();
  omnibus::Consumer<Note> asked = bus.create_consumer<Note>(requests, "service");
  omnibus::Producer<Note> answers = bus.create_producer<Note>(responses);

  static RequestResponseSettings settings() {
    return {.id = "p",
            .flow = "f",
            .name = "ask",
            .request = requests,
            .response = responses,
            .subscription = {},
            .reconnect = 1ms};
  }
  /// Takes one request; returns its correlation.
  std::string take() {
    const auto message = asked.receive(10s);
    asked.acknowledge(message);
    return *message.properties().find("id");
  }
  void answer(const std::string& id, const std::string& text) {
    answers.send({text}, {.properties = {{"id", id}}});
  }
};

TEST_F(RequestResponseTest, ReturnsTheAnswerToItsOwnRequest) {
  Client client(bus, settings());
  client.start();
  std::jthread service([&] {
    const auto id = take();
    answer("somebody else", "wrong");
    answer(id, "right");
  });
  EXPECT_EQ(client.request({"?"}, 10s).text, "right");
  EXPECT_EQ(counted(bus, "producer_count", labelled("p", "f", "ask")), 1);
  EXPECT_TRUE(eventually([&] { return counted(bus, "received_count", labelled("p", "f", "ask")) == 2; }));
}

TEST_F(RequestResponseTest, PassesEveryAnswerUntilTheLast) {
  Client client(bus, settings());
  client.start();
  std::jthread service([&] {
    const auto id = take();
    for (int i = 0; i < 250; ++i) answer(id, std::to_string(i));
  });
  int next = 0;
  client.request(
      {"?"},
      [&](const Note& note) {
        EXPECT_EQ(note.text, std::to_string(next));
        return ++next == 250;
      },
      10s);
  EXPECT_EQ(next, 250);
}

TEST_F(RequestResponseTest, ThrowsWhatTheCallbackThrows) {
  Client client(bus, settings());
  client.start();
  std::jthread service([&] { answer(take(), "x"); });
  EXPECT_THROW(client.request(
                   {"?"}, [](const Note&) -> bool { throw std::out_of_range("mine"); }, 10s),
               std::out_of_range);
}

TEST_F(RequestResponseTest, TimesOutPerMessage) {
  Client client(bus, settings());
  client.start();
  EXPECT_EQ(code_of([&] { client.request({"?"}, 1ms); }), ErrorCode::timeout);
  std::vector<ErrorCode> ends;
  std::promise<void> ended;
  int count = 0;
  client.request_async(
      {"?"},
      [&](const Error* error, const Note*) {
        if (error == nullptr) return ++count, false;
        ends.push_back(error->code());
        ended.set_value();
        return true;
      },
      50ms);
  take();
  answer(take(), "first of several");
  ended.get_future().wait();
  EXPECT_EQ(count, 1);
  EXPECT_THAT(ends, ElementsAre(ErrorCode::timeout));
}

TEST_F(RequestResponseTest, FailsWhatIsPendingWhenTheLinkDrops) {
  Client client(bus, settings());
  client.start();
  auto pending = std::async(std::launch::async, [&] { return code_of([&] { client.request({"?"}, 1h); }); });
  take();
  broker->cut();
  EXPECT_EQ(pending.get(), ErrorCode::unavailable);
  EXPECT_EQ(code_of([&] { client.request({"while down"}, 1h); }), ErrorCode::unavailable);
  broker->restore();
  std::jthread service([&] { answer(take(), "again"); });
  std::string text;
  EXPECT_TRUE(eventually([&] {
    try {
      text = client.request({"?"}, 10s).text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unavailable);
    }
    return !text.empty();
  }));
  EXPECT_EQ(text, "again");
}

TEST_F(RequestResponseTest, TheLossOfTheRequestLinkAloneFailsOnlyWhatTheBrokerDidNotConfirm) {
  Client client(bus, settings());
  client.start();
  auto confirmed = std::async(std::launch::async, [&] { return client.request({"?"}, 1h).text; });
  const auto first = take();
  broker->hold_confirms(true);
  auto unsure = std::async(std::launch::async, [&] { return code_of([&] { client.request({"?"}, 1h); }); });
  take();
  broker->cut_producers();
  EXPECT_EQ(unsure.get(), ErrorCode::unavailable);
  broker->hold_confirms(false);
  answer(first, "in time");
  EXPECT_EQ(confirmed.get(), "in time");
}

TEST_F(RequestResponseTest, SendsAnIdempotentRequestAgain) {
  Client client(bus, settings());
  client.idempotent(true);
  client.start();
  auto pending = std::async(std::launch::async, [&] { return client.request({"?"}, 1h).text; });
  const auto first = take();
  broker->cut();
  broker->restore();
  const auto second = take();
  EXPECT_EQ(first, second);
  answer(second, "in the end");
  EXPECT_EQ(pending.get(), "in the end");
}

TEST_F(RequestResponseTest, ARequestThatEndsBeforeItIsRegisteredIsForgottenAllTheSame) {
  struct Owner : detail::RequestOwner {
    explicit Owner(const Bus& shared) : bus(shared) {}
    void send(const std::shared_ptr<detail::PendingRequest>&, const void*) override {}
    void ended(const std::shared_ptr<detail::PendingRequest>& pending) noexcept override {
      forgotten = pending->token();
      ++ends;
    }
    void room() noexcept override {}
    Bus& pool() noexcept override { return bus; }
    Duration pause() const noexcept override { return 1ms; }
    const QueueName& queue() const noexcept override { return requests; }
    Bus bus;
    std::atomic<std::uint64_t> forgotten = 0;
    std::atomic<int> ends = 0;
  };
  const auto owner = std::make_shared<Owner>(bus);
  const auto pending = std::make_shared<detail::PendingRequest>(
      owner, "id", [](const Error*, detail::Received*) { return true; }, 1h, nullptr);
  pending->failed(Error(ErrorCode::unavailable, "the link dropped"));
  ASSERT_TRUE(eventually([&] { return owner->ends == 1; }));
  pending->registered(7);
  EXPECT_EQ(owner->forgotten, 7u);
}

TEST_F(RequestResponseTest, UsesASubscriptionOfItsOwn) {
  Client one(bus, settings()), two(bus, settings());
  one.start();
  two.start();
  const auto found = broker->subscriptions(responses.str());
  ASSERT_EQ(found.size(), 2u);
  for (const auto& [name, config] : found) {
    EXPECT_THAT(name, MatchesRegex("p--f--ask--[0-9a-f-]{36}"));
    EXPECT_EQ(config.options.lifetime, Lifetime::ephemeral);
  }
}

TEST_F(RequestResponseTest, RefusesRequestsBeforeStartAndAfterStop) {
  Client client(bus, settings());
  EXPECT_EQ(code_of([&] { client.request({"?"}, 10s); }), ErrorCode::closed);
  client.start();
  client.stop();
  EXPECT_EQ(code_of([&] { client.request({"?"}, 10s); }), ErrorCode::closed);
}

TEST_F(RequestResponseTest, StopWaitsForWhatIsPendingAndFailsTheRest) {
  Client client(bus, settings());
  client.start();
  auto quick = std::async(std::launch::async, [&] { return client.request({"?"}, 1h).text; });
  const auto id = take();
  auto stopping = std::async(std::launch::async, [&] { return client.stop(10s).running; });
  answer(id, "just in time");
  EXPECT_EQ(quick.get(), "just in time");
  EXPECT_EQ(stopping.get(), 0u);

  Client other(bus, settings());
  other.start();
  auto slow = std::async(std::launch::async, [&] { return code_of([&] { other.request({"?"}, 1h); }); });
  take();
  EXPECT_EQ(other.stop(1ms).running, 1u);
  EXPECT_EQ(slow.get(), ErrorCode::closed);
}

TEST_F(RequestResponseTest, ReportsAnUnknownQueueToTheCaller) {
  broker->on_send = [](const driver::Outgoing&) { return Error(ErrorCode::no_subscription, "nobody there"); };
  Client client(bus, settings());
  client.start();
  EXPECT_EQ(code_of([&] { client.request({"?"}, 1h); }), ErrorCode::no_subscription);
}

TEST_F(RequestResponseTest, AStalledAnswerBoundsWhatIsBuffered) {
  Client client(bus, settings());
  client.start();
  Gate gate;
  std::atomic<int> count = 0;
  client.request_async(
      {"?"},
      [&](const Error*, const Note*) {
        gate.wait();
        return ++count == 500;
      },
      1h);
  const auto id = take();
  for (int i = 0; i < 500; ++i) answer(id, std::to_string(i));
  const auto received = [&] { return counted(bus, "received_count", labelled("p", "f", "ask")); };
  ASSERT_TRUE(eventually([&] { return received() >= 102; }));
  EXPECT_LE(received(), 102);
  gate.open();
  EXPECT_TRUE(eventually([&] { return count == 500; }));
}

}  // namespace
}  // namespace omnibus::framework
