// What keeps a store small: checkpoints, and the removal of segments and bodies that no message needs.
#include <fstream>

#include <omnibus/store.hpp>

#include "backends/embedded/log/log.hpp"
#include "backends/embedded/tests/store_harness.hpp"

namespace omnibus::embedded::test {
namespace {

/// Checkpoints often, keeps little history.
const Extra eager{{"durability", "process"}, {"checkpoint_interval", "64KiB"}, {"retention_bytes", "256KiB"}};

class Upkeep : public ::testing::Test {
 protected:
  /// Sends `count` messages of 16 KiB; `settle` settles them at once.
  static void load(Opening& bus, int count, bool settle) {
    auto out = bus.producer(queue("a"), "load");
    CollectingSink sink;
    auto in = settle ? bus.consumer(queue("a"), "s", sink) : nullptr;
    const std::string body(16 << 10, 'x');
    for (int i = 0; i < count; ++i) {
      if (in) in->request(1);
      ASSERT_FALSE(send(*out, body));
      if (!in) continue;
      ASSERT_TRUE(sink.wait_for(1));
      ASSERT_FALSE(acknowledge(*in, {sink.take().front().ack}));
    }
  }

  std::filesystem::path file(const char* name) const { return directory.store() / name; }

  TemporaryDirectory directory;
};

TEST_F(Upkeep, RemovesSegmentsThatNoMessageNeedsWhileTheStoreIsInUse) {
  Opening bus(directory.store(), eager);
  const auto enough = deadline_after(std::chrono::seconds(30));
  do {
    load(bus, 64, true);
    ASSERT_LT(Clock::now(), enough);
  } while (read_store(directory.store()).segments.front().number == 1);
}

TEST_F(Upkeep, StartsFromACheckpointWhoseLogIsGone) {
  {
    Opening bus(directory.store(), eager);
    CollectingSink sink;
    auto other = bus.consumer(queue("b"), "t", sink);
    auto out = bus.producer(queue("b"), "me");
    load(bus, 640, true);
    EXPECT_FALSE(send(*out, "kept", 7, {{"colour", "red"}}));
  }
  { Opening bus(directory.store(), eager); }
  ASSERT_GT(read_store(directory.store()).segments.front().number, 1U) << "there is nothing to be shown";
  Opening bus(directory.store(), eager);
  CollectingSink sink;
  auto in = bus.consumer(queue("b"), "t", sink);
  in->request(10);
  auto out = bus.producer(queue("b"), "me");
  EXPECT_FALSE(send(*out, "again", 7)) << "stored before the restart";
  EXPECT_FALSE(send(*out, "next", 8));
  ASSERT_TRUE(sink.wait_for(2));
  const auto got = sink.take();
  EXPECT_EQ(got[0].body.bytes(), "kept");
  EXPECT_EQ(got[0].properties.value_or("colour", ""), "red");
  EXPECT_EQ(got[1].body.bytes(), "next");
  EXPECT_EQ(bus.statistics(queue("a")).subscriptions.at("s").backlog, 0U);
}

TEST_F(Upkeep, KeepsTheSegmentsOfMessagesThatWait) {
  constexpr int count = 200;
  {
    Opening bus(directory.store(), eager);
    CollectingSink sink;
    auto in = bus.consumer(queue("a"), "slow", sink);
    load(bus, count, true);
  }
  Opening bus(directory.store(), eager);
  load(bus, 100, true);
  CollectingSink sink;
  auto in = bus.consumer(queue("a"), "slow", sink);
  in->request(1000);
  ASSERT_TRUE(sink.wait_for(count + 100));
  for (const auto& delivery : sink.take()) ASSERT_EQ(delivery.body.bytes(), std::string(16 << 10, 'x'));
}

TEST_F(Upkeep, FallsBackToTheCheckpointBeforeADamagedOne) {
  {
    Opening bus(directory.store(), eager);
    CollectingSink sink;
    auto in = bus.consumer(queue("b"), "t", sink);
    auto out = bus.producer(queue("b"), "p");
    EXPECT_FALSE(send(*out, "old"));
    load(bus, 320, true);
  }
  {
    Opening bus(directory.store(), eager);
    auto out = bus.producer(queue("b"), "p");
    EXPECT_FALSE(send(*out, "new"));
  }
  ASSERT_TRUE(std::filesystem::exists(file("checkpoint.previous")));
  {
    std::fstream damaged(file("checkpoint"), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(45);
    damaged.put('\xff');
  }
  Opening bus(directory.store(), eager);
  CollectingSink sink;
  auto in = bus.consumer(queue("b"), "t", sink);
  in->request(10);
  ASSERT_TRUE(sink.wait_for(2));
  EXPECT_EQ(sink.take_payloads(), (std::vector<std::string>{"old", "new"}));
}

TEST_F(Upkeep, RefusesAStoreWhoseBeginningIsGoneWithoutACheckpoint) {
  {
    Opening bus(directory.store(), eager);
    load(bus, 640, true);
  }
  { Opening bus(directory.store(), eager); }
  ASSERT_GT(read_store(directory.store()).segments.front().number, 1U) << "there is nothing to be shown";
  std::filesystem::remove(file("checkpoint"));
  std::filesystem::remove(file("checkpoint.previous"));
  try {
    Opening bus(directory.store(), eager);
    ADD_FAILURE() << "it opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_THAT(error.what(), ::testing::HasSubstr(directory.store().string()));
  }
}

TEST_F(Upkeep, RemovesTheBodiesOfSettledMessages) {
  Opening bus(directory.store(), {{"durability", "process"}, {"retention_bytes", "1"}});
  CollectingSink sink;
  auto in = bus.consumer(queue("a"), "s", sink);
  in->request(100);
  auto out = bus.producer(queue("a"), "p");
  const std::string body(100'000, 'x');
  const auto enough = deadline_after(std::chrono::seconds(30));
  std::size_t sent = 0;
  do {
    ASSERT_FALSE(send(*out, body));
    ++sent;
    ASSERT_TRUE(sink.wait_for(1));
    ASSERT_FALSE(acknowledge(*in, {sink.take().front().ack}));
    in->request(1);
    ASSERT_LT(Clock::now(), enough);
  } while (sent < 20 || read_store(directory.store()).blobs > sent / 2);
}

TEST_F(Upkeep, RemovesBodiesWhoseSendNeverCommitted) {
  {
    Opening bus(directory.store(), eager);
    CollectingSink sink;
    auto in = bus.consumer(queue("a"), "s", sink);
    auto out = bus.producer(queue("a"), "p");
    EXPECT_FALSE(send(*out, std::string(100'000, 'y')));
  }
  {
    LogOptions options;
    options.directory = directory.store();
    options.durability = {.level = Durability::Level::process};
    Log::open(std::move(options))->write_blob(std::string(100'000, 'x'));
  }
  { Opening bus(directory.store(), eager); }
  EXPECT_EQ(read_store(directory.store()).blobs, 1U);
}

}  // namespace
}  // namespace omnibus::embedded::test
