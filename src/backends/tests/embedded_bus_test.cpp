// The typed API over the embedded backend, end to end in one process.

#include <atomic>
#include <fstream>
#include <iostream>
#include <latch>
#include <map>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include <omnibus/log.hpp>
#include <omnibus/omnibus.hpp>

#include "core/tests/eventually.hpp"

namespace omnibus {
namespace {

using namespace std::chrono_literals;

struct Note {
  std::string text;
  std::int64_t number = 0;
};

long status_of(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  }
  return -1;
}

TEST(EmbeddedBus, TenThousandIdleConsumersNeedNoThread) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int count = 500;
#else
  constexpr int count = 10'000;
#endif
  auto bus = connect("embedded://");
  auto first = bus.create_consumer<Note>(topic("idle"), "first");
  const long threads = status_of("Threads"), memory = status_of("VmRSS");
  std::vector<Consumer<Note>> consumers;
  for (int i = 0; i < count; ++i) {
    consumers.push_back(bus.create_consumer<Note>(topic("idle" + std::to_string(i)), "s"));
  }
  EXPECT_LE(status_of("Threads"), threads + 1);
  std::cout << count << " idle consumers: " << status_of("Threads") << " threads, "
            << (status_of("VmRSS") - memory) * 1024 / count << " bytes each\n";
  bus.create_producer<Note>(topic("idle7")).send({.text = "still there"});
  EXPECT_EQ(consumers[7].receive(10s)->text, "still there");
}

TEST(EmbeddedBus, EightSendersAndEightReceiversLoseAndDoubleNothing) {
  constexpr int senders = 8, receivers = 8, each = 2'000, total = senders * each;
  auto bus = connect("embedded://");
  const auto queue = topic("counted");
  std::vector<Consumer<Note>> consumers;
  for (int i = 0; i < receivers; ++i) consumers.push_back(bus.create_consumer<Note>(queue, "s"));
  std::atomic<int> received = 0;
  std::mutex mutex;
  std::map<std::int64_t, int> seen;
  std::vector<std::jthread> threads;
  for (auto& consumer : consumers) {
    threads.emplace_back([&] {
      while (received < total) {
        const auto message = consumer.poll(20ms);
        if (!message) continue;
        consumer.acknowledge_async(*message);
        const std::lock_guard lock(mutex);
        ++seen[(*message)->number];
        ++received;
      }
    });
  }
  for (int s = 0; s < senders; ++s) {
    threads.emplace_back([&, s] {
      auto producer = bus.create_producer<Note>(queue);
      for (int i = 0; i < each; ++i) producer.send_async({.text = "x", .number = s * each + i});
      producer.flush();
    });
  }
  threads.clear();
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(total));
  EXPECT_EQ(received, total);
  EXPECT_EQ(bus.statistics(queue).subscriptions.at("s").backlog, 0u);
}

TEST(EmbeddedBus, APoisonMessageEndsInTheDeadLetterQueue) {
  auto bus = connect("embedded://");
  const auto queue = topic("poisoned");
  auto inbox = bus.create_consumer<Note>(queue, "s", {.redelivery = {.initial = 1ms}, .max_attempts = 3});
  auto raw = bus.create_producer<Raw>(queue);
  raw.send({"{\"text\": 7}"});
  raw.send({"{\"text\": \"good\"}"});
  const auto good = inbox.receive(10s);
  EXPECT_EQ(good->text, "good");
  inbox.acknowledge(good);
  auto dead =
      bus.create_consumer<Raw>(dead_letter_queue(queue, "s"), "dead", {.position = Position::earliest});
  std::optional<Message<Raw>> copy;
  for (int i = 0; i < 1'000 && !copy; ++i) {
    EXPECT_FALSE(inbox.poll(10ms));  // decoding, and so rejecting, happens where messages are taken
    copy = dead.poll();
  }
  ASSERT_TRUE(copy);
  EXPECT_EQ((*copy)->bytes, "{\"text\": 7}");
  EXPECT_EQ(copy->properties().value_or("omnibus-dead-attempts", ""), "3");
}

TEST(EmbeddedBus, CloseDuringReceiveEndsIt) {
  auto bus = connect("embedded://");
  auto inbox = bus.create_consumer<Note>(topic("closing"), "s");
  std::latch waiting(1);
  bool closed = false;
  std::jthread receiver([&] {
    waiting.count_down();
    try {
      inbox.receive(1h);
    } catch (const ClosedError&) {
      closed = true;
    }
  });
  waiting.wait();
  bus.close();
  receiver.join();
  EXPECT_TRUE(closed);
}

TEST(EmbeddedBus, HandlersRunOnThePoolAndAcknowledge) {
  auto bus = connect("embedded://");
  const auto queue = topic("handled");
  auto inbox = bus.create_consumer<Note>(queue, "s");
  auto outbox = bus.create_producer<Note>(queue);
  constexpr int total = 500;
  std::latch done(total);
  std::function<void()> next = [&] {
    inbox.receive_async([&](const Error* error, std::optional<Message<Note>> message) {
      if (error != nullptr) return;
      inbox.acknowledge(*message);
      next();
      done.count_down();
    });
  };
  for (int i = 0; i < 4; ++i) next();
  for (int i = 0; i < total; ++i) outbox.send_async({.text = "", .number = i});
  done.wait();
  inbox.close();
  EXPECT_EQ(bus.statistics(queue).subscriptions.at("s").backlog, 0u);
}

TEST(EmbeddedBus, ASubscriptionThatAnotherClientRemovedIsMadeAgainCountedAndReported) {
  std::atomic<bool> reported = false;
  log::set_handler([&](log::Level level, std::string_view text) {
    if (level == log::Level::warning && text.find("removed by another client") != std::string_view::npos) {
      reported = true;
    }
  });
  auto bus = connect("embedded://");
  const auto queue = topic("removed");
  auto inbox = bus.create_consumer<Note>(queue, "ours");
  auto outbox = bus.create_producer<Note>(queue);
  bus.remove_subscription(queue, "ours");
  outbox.send({.text = "in the gap"});
  EXPECT_TRUE(eventually([&] { return bus.statistics(queue).subscriptions.count("ours") > 0; }));
  outbox.send({.text = "after"});
  EXPECT_EQ(inbox.receive(10s)->text, "after");
  const Labels labels{{"queue", queue.str()}, {"subscription", "ours"}};
  EXPECT_EQ(bus.metrics().counter("omnibus_reconnects", "", labels).value(), 1);
  EXPECT_TRUE(reported);
  log::set_handler({});
}

}  // namespace
}  // namespace omnibus
