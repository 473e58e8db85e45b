// compact_store(): what waits is copied forward, what nobody needs goes, and others go on.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <omnibus/store.hpp>

#include "backends/embedded/tests/sample_store.hpp"

namespace omnibus::embedded::test {
namespace {

/// Keeps little history; checkpoints at the close only.
const Extra lean{{"durability", "process"}, {"retention_bytes", "256KiB"}};

class Compact : public ::testing::Test {
 protected:
  /// A few messages that wait in `b` for `slow`, a body file among them, then megabytes of `a` that are
  /// settled.
  void fill(Opening& bus) {
    CollectingSink sink;
    auto slow = bus.consumer(queue("b"), "slow", sink);
    auto few = bus.producer(queue("b"), "few");
    for (int i = 0; i < 5; ++i) {
      waiting.push_back("waits " + std::to_string(i));
      ASSERT_FALSE(
          send(*few, waiting.back(), static_cast<std::uint64_t>(i) + 1, {{"number", std::to_string(i)}}));
    }
    waiting.push_back(std::string(100'000, 'w'));
    ASSERT_FALSE(send(*few, waiting.back()));
    auto many = bus.producer(queue("a"), "many");
    const std::string body(16 << 10, 'x');
    for (int i = 0; i < 500; ++i) ASSERT_FALSE(send(*many, body));
  }
  void expect_waiting(Opening& bus) {
    CollectingSink sink;
    auto in = bus.consumer(queue("b"), "slow", sink);
    in->request(100);
    ASSERT_TRUE(sink.wait_for(waiting.size()));
    EXPECT_EQ(sink.take_payloads(), waiting);
  }

  TemporaryDirectory directory;
  std::vector<std::string> waiting;
};

TEST_F(Compact, FreesSegmentsThatAFewMessagesHold) {
  {
    Opening bus(directory.store(), lean);
    fill(bus);
  }
  ASSERT_GE(read_store(directory.store()).segments.size(), 3U) << "there is nothing to be shown";
  std::uint64_t last = 0, all = 0;
  const auto done = compact_store(directory.store(), [&](std::uint64_t bytes, std::uint64_t total) {
    last = bytes;
    all = total;
  });
  EXPECT_TRUE(done.complete);
  EXPECT_EQ(done.copied, waiting.size());
  EXPECT_EQ(last, all);
  EXPECT_GE(done.removed_segments, 2U);
  EXPECT_GE(done.removed_segment_bytes, std::uint64_t{3} << 20);
  EXPECT_EQ(done.segments, read_store(directory.store()).segments.size());
  EXPECT_EQ(done.bodies, 1U);
  const auto check = check_store(directory.store());
  EXPECT_TRUE(check.sound()) << check.damage.front().what;
  const auto again = compact_store(directory.store());
  EXPECT_EQ(again.copied, 0U);
  EXPECT_EQ(again.removed_segments, 0U);
  Opening bus(directory.store(), lean);
  expect_waiting(bus);
  auto few = bus.producer(queue("b"), "few");
  EXPECT_FALSE(send(*few, "again", 5));
  EXPECT_EQ(bus.statistics(queue("b")).subscriptions.at("slow").backlog, waiting.size())
      << "it was stored before";
}

TEST_F(Compact, WorksWhileOthersSendAndReceive) {
  Opening one(directory.store(), lean), two(directory.store(), lean);
  fill(one);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> sent = 0, failed = 0;
  CollectingSink sink;
  ConsumerOptions wide{.position = Position::earliest};
  wide.window = 1'000'000;
  auto in = two.consumer(queue("c"), "s", sink, wide);
  in->request(1'000'000);
  std::jthread sender([&] {
    auto out = one.producer(queue("c"), "p");
    while (!stop) {
      if (send(*out, "c " + std::to_string(sent++))) ++failed;
    }
  });
  const auto done = compact_store(directory.store());
  stop = true;
  sender.join();
  EXPECT_TRUE(done.complete);
  EXPECT_GE(done.removed_segments, 2U);
  EXPECT_EQ(failed, 0U);
  ASSERT_TRUE(sink.wait_for(sent));
  const auto got = sink.take_payloads();
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], "c " + std::to_string(i));
  expect_waiting(two);
}

TEST_F(Compact, RemovesBodiesThatNoMessageNames) {
  {
    Opening bus(directory.store(), lean);
    fill(bus);
  }
  {
    LogOptions options;
    options.directory = directory.store();
    options.durability = {.level = Durability::Level::process};
    Log::open(std::move(options))->write_blob(std::string(100'000, 'z'));
  }
  const auto done = compact_store(directory.store());
  EXPECT_EQ(done.removed_bodies, 1U);
  EXPECT_EQ(done.removed_body_bytes, 100'000U);
  EXPECT_EQ(done.bodies, 1U);
}

TEST_F(Compact, LeavesSegmentsThatAreFullOfMessagesThatWait) {
  {
    Opening bus(directory.store(), lean);
    CollectingSink sink;
    auto slow = bus.consumer(queue("a"), "slow", sink);
    fill(bus);
  }
  const auto done = compact_store(directory.store());
  EXPECT_EQ(done.copied, 0U);
  EXPECT_EQ(done.removed_segments, 0U);
  Opening bus(directory.store(), lean);
  EXPECT_EQ(bus.statistics(queue("a")).subscriptions.at("slow").backlog, 500U);
}

TEST_F(Compact, CarriesNoDamageAlong) {
  {
    Opening bus(directory.store(), lean);
    fill(bus);
  }
  const auto segment = directory.store() / "log" / "0000000000000001.seg";
  const auto at = read_file_of(segment).find("waits 2");
  std::fstream(segment, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(at))
      .put('W');
  ASSERT_FALSE(check_store(directory.store()).sound());
  const auto done = compact_store(directory.store());
  waiting.erase(waiting.begin() + 2);
  EXPECT_EQ(done.copied, waiting.size());
  EXPECT_EQ(done.unreadable, 1U);
  EXPECT_GE(done.removed_segments, 2U);
  EXPECT_TRUE(check_store(directory.store()).sound()) << "the damage went with its segment";
  Opening bus(directory.store(), lean);
  expect_waiting(bus);
  EXPECT_EQ(bus.statistics(queue("b")).subscriptions.at("slow").backlog, waiting.size()) << "it is settled";
}

/// Runs it in a process of its own, which dies when it has told `calls` times how far it is; whether it did.
bool dies_compacting(const std::filesystem::path& store, int calls) {
  const auto child = ::fork();
  if (child == 0) {
    compact_store(store, [&calls](std::uint64_t, std::uint64_t) {
      if (--calls == 0) std::raise(SIGKILL);
    });
    std::_Exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFSIGNALED(status);
}

TEST_F(Compact, MayBeKilledAtAnyMoment) {
  {
    Opening bus(directory.store(), lean);
    CollectingSink sink;
    auto slow = bus.consumer(queue("b"), "slow", sink);
    auto few = bus.producer(queue("b"), "first");
    for (int i = 0; i < 50; ++i) {
      waiting.push_back(std::to_string(i) + std::string(10'000, 'w'));
      ASSERT_FALSE(send(*few, waiting.back()));
    }
    fill(bus);
  }
  int kills = 0;
  for (int calls = 1; dies_compacting(directory.store(), calls); calls += 2) {
    ++kills;
    ASSERT_TRUE(check_store(directory.store()).sound());
  }
  EXPECT_GE(kills, 2) << "there is nothing to be shown";
  EXPECT_TRUE(compact_store(directory.store()).complete);
  EXPECT_LE(read_store(directory.store()).segments.size(), 2U);
  Opening bus(directory.store(), lean);
  expect_waiting(bus);
}

TEST_F(Compact, RefusesWhatIsNoStore) {
  EXPECT_THROW(compact_store(directory.store()), Error);
  EXPECT_FALSE(std::filesystem::exists(directory.store()));
}

}  // namespace
}  // namespace omnibus::embedded::test
