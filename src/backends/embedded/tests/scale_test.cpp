// Many queues, consumers and messages: nothing is lost, and threads do not grow with them.
#include <filesystem>

#include <omnibus/omnibus.hpp>
#include <omnibus/raw.hpp>

#include "backends/embedded/tests/store_harness.hpp"

namespace omnibus::embedded::test {
namespace {

using namespace std::chrono_literals;

std::size_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

class Scale : public ::testing::Test {
 protected:
  Bus open_bus() const {
    return connect_with([](const auto& config, auto& host) { return open(config, host); },
                        "embedded://" + directory.store().string() + "?durability=process");
  }
  static QueueName numbered(const char* kind, int number) { return queue(kind + std::to_string(number)); }

  TemporaryDirectory directory;
};

TEST_F(Scale, ThreadsAreAsManyWithHundredsOfConsumersAsWithOne) {
  constexpr int queues = 300, active = 50, each = 20;
  auto bus = open_bus();
  std::vector<omnibus::Consumer<Raw>> idle, busy;
  idle.push_back(bus.create_consumer<Raw>(numbered("idle", 0), "s"));
  const auto with_one = threads();
  for (int at = 1; at < queues; ++at) idle.push_back(bus.create_consumer<Raw>(numbered("idle", at), "s"));
  EXPECT_EQ(threads(), with_one);
  std::vector<omnibus::Producer<Raw>> producers;
  for (int at = 0; at < active; ++at) {
    busy.push_back(bus.create_consumer<Raw>(numbered("busy", at), "s"));
    producers.push_back(bus.create_producer<Raw>(numbered("busy", at)));
  }
  EXPECT_EQ(threads(), with_one);
  for (int round = 0; round < each; ++round) {
    for (auto& producer : producers) producer.send_async({std::to_string(round)});
  }
  for (int round = 0; round < each; ++round) {
    for (auto& consumer : busy) {
      const auto message = consumer.receive(20s);
      EXPECT_EQ(message->bytes, std::to_string(round));
      consumer.acknowledge(message);
    }
  }
  EXPECT_LE(threads(), with_one + 2) << "handlers' pool and no more";
  for (auto& consumer : idle) ASSERT_FALSE(consumer.poll());
  for (int at = 0; at < active; ++at)
    ASSERT_EQ(bus.statistics(numbered("busy", at)).subscriptions.at("s").backlog, 0U);
}

TEST_F(Scale, AStoreOfManyMessagesHasThemAllAfterARestart) {
  constexpr int queues = 100, messages = 100'000;
  {
    auto bus = open_bus();
    std::vector<omnibus::Producer<Raw>> producers;
    for (int at = 0; at < queues; ++at) {
      bus.create_subscription(numbered("q", at), "s");
      producers.push_back(bus.create_producer<Raw>(numbered("q", at)));
    }
    for (int at = 0; at < messages; ++at)
      producers[static_cast<std::size_t>(at % queues)].send_async({std::to_string(at / queues)});
    for (auto& producer : producers) producer.flush();
  }
  auto bus = open_bus();
  std::uint64_t waiting = 0;
  for (int at = 0; at < queues; ++at)
    waiting += bus.statistics(numbered("q", at)).subscriptions.at("s").backlog;
  EXPECT_EQ(waiting, std::uint64_t{messages});
  for (const int at : {0, queues / 2, queues - 1}) {
    auto consumer = bus.create_consumer<Raw>(numbered("q", at), "s");
    for (int number = 0; number < messages / queues; ++number) {
      const auto message = consumer.receive(20s);
      ASSERT_EQ(message->bytes, std::to_string(number));
      consumer.acknowledge_async(message);
    }
    EXPECT_FALSE(consumer.poll());
  }
}

}  // namespace
}  // namespace omnibus::embedded::test
