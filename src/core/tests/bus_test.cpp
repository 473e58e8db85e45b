#include <omnibus/bus.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <latch>
#include <thread>

#include <gmock/gmock.h>

#include <omnibus/log.hpp>
#include <omnibus/raw.hpp>

#include "core/instance.hpp"
#include "core/tests/eventually.hpp"
#include "core/tests/fake_backend.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const QueueName queue = topic("bus");

/// A line of /proc/self/status, as a number.
long status_of(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  }
  return -1;
}

class BusTest : public testing::Test {
 protected:
  std::shared_ptr<fake::Broker> broker = std::make_shared<fake::Broker>();
};

TEST_F(BusTest, HandlesOutliveTheBusInAnyOrder) {
  std::optional<Bus> bus = broker->connect();
  auto consumer = bus->create_consumer<Raw>(queue, "s");
  auto producer = bus->create_producer<Raw>(queue);
  bus.reset();
  producer.send({"x"});
  consumer.acknowledge(consumer.receive());
}

TEST_F(BusTest, TheLastHandleMayGoInsideACallback) {
  std::latch gone(1);
  {
    auto bus = broker->connect();
    auto producer = std::make_shared<Producer<Raw>>(bus.create_producer<Raw>(queue));
    bus.post([last = std::move(producer), own = bus, &gone]() mutable {
      last.reset();
      gone.count_down();
    });
  }
  gone.wait();
}

TEST_F(BusTest, CloseEndsEverythingAndIsIdempotent) {
  auto bus = broker->connect();
  auto producer = bus.create_producer<Raw>(queue);
  auto consumer = bus.create_consumer<Raw>(queue, "s");
  std::optional<ErrorCode> code;
  std::jthread receiver([&] {
    try {
      consumer.receive(1h);
    } catch (const Error& error) {
      code = error.code();
    }
  });
  bus.close();
  receiver.join();
  EXPECT_EQ(code, ErrorCode::closed);
  bus.close();
  EXPECT_THROW(producer.send({"x"}), ClosedError);
  EXPECT_THROW(bus.create_producer<Raw>(queue), ClosedError);
  EXPECT_THROW(bus.create_consumer<Raw>(queue, "s"), ClosedError);
  EXPECT_THROW(bus.statistics(queue), ClosedError);
}

TEST_F(BusTest, CloseInsideAHandlerReturns) {
  auto bus = broker->connect();
  auto producer = bus.create_producer<Raw>(queue);
  auto consumer = bus.create_consumer<Raw>(queue, "s");
  std::latch closed(1);
  consumer.receive_async([&](const Error*, std::optional<Message<Raw>>) {
    bus.close();
    closed.count_down();
  });
  producer.send({"x"});
  closed.wait();
  EXPECT_TRUE(eventually([&] {
    try {
      producer.send({"y"});
      return false;
    } catch (const ClosedError&) {
      return true;
    }
  }));
}

TEST_F(BusTest, WarnsOncePerWeakerPromiseThatIsUsed) {
  broker->features.set(driver::Feature::shared, driver::Support::weaker, "one at a time");
  broker->features.set(driver::Feature::earliest, driver::Support::weaker, "acts as latest");
  std::mutex mutex;
  std::vector<std::string> lines;
  log::set_handler([&](log::Level level, std::string_view text) {
    const std::lock_guard lock(mutex);
    if (level == log::Level::warning) lines.emplace_back(text);
  });
  {
    auto bus = broker->connect();
    auto first = bus.create_consumer<Raw>(queue, "a");
    auto second = bus.create_consumer<Raw>(queue, "b");
  }
  log::set_handler({});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("shared is weaker: one at a time"));
}

TEST_F(BusTest, AConsumersEndTellsWhatItLeaves) {
  std::mutex mutex;
  std::vector<std::string> lines;
  log::set_handler([&](log::Level, std::string_view text) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(text);
  });
  {
    auto bus = broker->connect();
    auto consumer = bus.create_consumer<Raw>(queue, "s");
    bus.create_producer<Raw>(queue).send({"x"});
    consumer.receive();
  }
  log::set_handler({});
  EXPECT_THAT(
      lines, testing::ElementsAre("the consumer of q1/tg/flow/bus (s) ended with 1 messages unacknowledged"));
}

TEST_F(BusTest, AnUnansweredQuestionEndsAtTheConnectTimeout) {
  auto bus = broker->connect({.connect_timeout = 5ms});
  broker->hang_creates(true);
  try {
    bus.create_subscription(queue, "made");
    FAIL() << "nobody answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
  }
  broker->hang_creates(false);
  EXPECT_THROW(bus.statistics(queue), Error);  // unsupported by the fake
  bus.create_subscription(queue, "made");
  EXPECT_TRUE(broker->has_subscription(queue.str(), "made"));
}

TEST_F(BusTest, PostAtRunsOnThePoolAndCanBeCancelled) {
  auto bus = broker->connect();
  std::latch ran(1);
  bus.post_at(Clock::now(), [&] { ran.count_down(); });
  const auto token = bus.post_at(Clock::now() + 1h, [] { FAIL(); });
  EXPECT_TRUE(bus.cancel(token));
  EXPECT_FALSE(bus.cancel(token));
  ran.wait();
}

TEST_F(BusTest, ManyIdleConsumersCostMemoryOnly) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int count = 1'000;
#else
  constexpr int count = 10'000;
#endif
  auto bus = broker->connect();
  auto first = bus.create_consumer<Raw>(topic("idle"), "first");
  const long threads = status_of("Threads"), memory = status_of("VmRSS");
  std::vector<Consumer<Raw>> consumers;
  for (int i = 0; i < count; ++i) {
    consumers.push_back(bus.create_consumer<Raw>(topic("idle" + std::to_string(i)), "s"));
  }
  EXPECT_LE(status_of("Threads"), threads + 1);
  std::cout << count << " idle consumers: " << status_of("Threads") << " threads, "
            << (status_of("VmRSS") - memory) * 1024 / count << " bytes each\n";
  auto producer = bus.create_producer<Raw>(topic("idle" + std::to_string(count - 1)));
  producer.send({"still there"});
  EXPECT_EQ(consumers.back().receive()->bytes, "still there");
  bus.close();
}

TEST_F(BusTest, SurvivesLinkLossUnderLoadWithoutLossOrDuplicate) {
  auto bus = broker->connect();
  auto consumer = bus.create_consumer<Raw>(queue, "s", {.window = 50});
  auto producer = bus.create_producer<Raw>(queue, {.window = 50, .batch_messages = 8});
  constexpr int count = 3'000;
  std::jthread sender([&] {
    for (int i = 0; i < count; ++i) producer.send_async({std::to_string(i)});
    producer.flush();
  });
  std::set<std::string> seen;
  int received = 0;
  while (static_cast<int>(seen.size()) < count) {
    const auto message = consumer.receive(10s);
    seen.insert(message->bytes);
    consumer.acknowledge_async(message);
    if (++received % 1'000 == 0) {
      broker->cut();
      broker->restore();
    }
    ASSERT_LT(received, 3 * count);
  }
  sender.join();
  EXPECT_EQ(broker->payloads(queue.str()).size(), static_cast<std::size_t>(count));  // stored once each
}

TEST(Instance, TwoConnectionsOfOneProgramHaveDifferentSlots) {
  const detail::Instance first, second;
  EXPECT_NE(first.name(), second.name());
}

TEST(Instance, MakesTheStateDirectoryForItsOwnerOnly) {
  namespace fs = std::filesystem;
  const auto state = fs::temp_directory_path() / ("omnibus-instance-" + std::to_string(::getpid()));
  const char* before = std::getenv("XDG_STATE_HOME");
  const std::optional<std::string> kept =
      before == nullptr ? std::nullopt : std::optional<std::string>(before);
  ::setenv("XDG_STATE_HOME", state.c_str(), 1);
  const auto mask = ::umask(0);
  { const detail::Instance instance; }
  ::umask(mask);
  kept ? ::setenv("XDG_STATE_HOME", kept->c_str(), 1) : ::unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(fs::status(state / "omnibus").permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(state / "omnibus" / "instances").permissions(), fs::perms::owner_all);
  fs::remove_all(state);
}

}  // namespace
}  // namespace omnibus
