/// Processes come, go, are killed, stopped and resumed; a store is opened and closed thousands of times.

#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "backends/embedded/tests/processes/scene.hpp"

namespace omnibus::embedded::test {
namespace {

using namespace std::chrono_literals;

bool full_tier() {
  const char* const tier = std::getenv("OMNIBUS_TIER");
  return tier != nullptr && std::string_view(tier) == "full";
}

/// Sends numbers until it is stopped. Threads: its own; look at the results after its end.
class Sending {
 public:
  explicit Sending(SmallStore& store)
      : thread_([this, &store](const std::stop_token& stop) { run(store, stop); }) {}
  void end() {
    thread_.request_stop();
    thread_.join();
  }
  int sent = 0, refused = 0;
  std::optional<Error> failed;
  Stopwatch watch;

 private:
  void run(SmallStore& store, const std::stop_token& stop) {
    const auto producer = store.producer("work", "parent");
    while (!stop.stop_requested() && !failed) {
      const auto error =
          watch.time([&] { return send(*producer, std::to_string(sent), static_cast<unsigned>(sent) + 1); });
      if (!error) {
        ++sent;
      } else if (error->code() == ErrorCode::unavailable && error->retryable()) {
        ++refused;  // somebody was stopped in the commit section
      } else {
        failed = error;
      }
      std::this_thread::sleep_for(1ms);
    }
  }
  std::jthread thread_;
};

TEST_F(Processes, ComeGoAreKilledStoppedAndResumed) {
  SmallStore store({path(), "group:5"});
  for (const auto* name : {"work", "done"})
    store.engine()->create_subscription(queue(name), SmallStore::subscription, Position::earliest);
  const auto seed = std::random_device()();
  std::mt19937_64 random(seed);
  std::cout << "  seed " << seed << '\n';
  const auto start = [&] { return std::make_unique<Worker>(std::vector<std::string>{"relay", path()}); };
  std::array workers{start(), start(), start(), start()};
  Sending sending(store);
  int killed = 0, closed = 0, stopped = 0;
  for (const int rounds = full_tier() ? 600 : 60; killed + closed + stopped < rounds;) {
    auto& worker = workers[random() % workers.size()];
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    const auto what = random() % 3;
    if (what == 0) {
      worker->kill(SIGSTOP);
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 50));
      worker->kill(random() % 4 == 0 ? SIGKILL : SIGCONT);
      ++stopped;
      continue;
    }
    if (what == 1) worker->kill(SIGKILL);
    ++(what == 1 ? killed : closed);
    worker->wait();
    worker = start();
  }
  sending.end();
  ASSERT_FALSE(sending.failed) << sending.failed->what();
  for (auto& worker : workers) worker->wait();
  workers = {start(), start(), start(), start()};
  EXPECT_TRUE(testing::eventually([&] { return store.backlog("work") == 0; }));
  for (auto& worker : workers) EXPECT_EQ(worker->wait(), 0);
  const auto found = take_all(store, "done");
  report("killed", killed);
  report("closed and opened again", closed);
  report("stopped", stopped);
  report("sent", sending.sent);
  report("lost", sending.sent - static_cast<std::int64_t>(found.size()));
  report("refused while a stopped process held the section", sending.refused);
  report("longest send, ms", sending.watch.longest());
  EXPECT_EQ(found.size(), static_cast<std::size_t>(sending.sent));
  EXPECT_GT(sending.sent, 50);
  EXPECT_GT(killed, 0);
  EXPECT_GT(closed, 0);
  EXPECT_GT(stopped, 0);
  EXPECT_LE(sending.watch.longest(), at_most + 100) << "lock_wait is 1 s";
}

std::int64_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

/// Memory that no file stands behind, in KiB.
std::int64_t memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::strtoll(line.c_str() + 8, nullptr, 10);
  }
  return 0;
}

TEST_F(Processes, OpeningsLeaveNeitherDescriptorsNorMemoryBehind) {
  const auto use_one = [this] {
    Opening opening(path());
    CollectingSink sink;
    const auto consumer = opening.consumer(queue("work"), "s", sink);
    consumer->request(10);
    const auto producer = opening.producer(queue("work"), "me");
    ASSERT_FALSE(send(*producer, "x"));
    ASSERT_TRUE(sink.wait_for(1));
    ASSERT_FALSE(acknowledge(*consumer, {sink.take()[0].ack}));
  };
  const int all = full_tier() ? 10'000 : 1'000;
  for (int at = 0; at < all / 10; ++at) use_one();
  const auto descriptors_before = descriptors(), memory_before = memory();
  for (int at = all / 10; at < all; ++at) use_one();
  report("openings", all);
  report("descriptors before", descriptors_before);
  report("descriptors after", descriptors());
  report("memory before, KiB", memory_before);
  report("memory after, KiB", memory());
  EXPECT_EQ(descriptors(), descriptors_before);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed for a while
  EXPECT_LE(memory(), memory_before + 4096);
#endif
}

}  // namespace
}  // namespace omnibus::embedded::test
