// Days of traffic beside a subscription that takes nothing: what the store holds on disk.
#include <omnibus/store.hpp>

#include "backends/embedded/tests/small_store.hpp"

namespace omnibus::embedded::test {
namespace {

constexpr Millis day = Millis{24} * 3600 * 1000;

class Week : public ::testing::Test {
 protected:
  SmallStore::Options options() {
    return {.path = directory.store(), .now = [this] { return now.load(); }};
  }
  std::uint64_t disk_use() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.store())) {
      std::error_code gone;
      const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
      if (!gone) bytes += size;
    }
    return bytes;
  }

  TemporaryDirectory directory;
  std::atomic<Millis> now = wall_clock();
};

/// Traffic that is settled at once.
class Traffic {
 public:
  explicit Traffic(SmallStore& store)
      : store_(store), in_(store.consumer("foreign", sink_)), out_(store.producer("foreign", "p")) {}
  void pass(int count) {
    const std::string body(4096, 'x');
    for (int i = 0; i < count; ++i) {
      in_->request(1);
      ASSERT_FALSE(send(*out_, body));
      ASSERT_TRUE(sink_.wait_for(1));
      ASSERT_FALSE(acknowledge(*in_, {sink_.take().front().ack}));
    }
    passed += static_cast<std::uint64_t>(count) * body.size();
  }
  std::uint64_t passed = 0;

 private:
  SmallStore& store_;
  CollectingSink sink_;
  std::unique_ptr<driver::Consumer> in_;
  std::unique_ptr<driver::Producer> out_;
};

TEST_F(Week, ASubscriptionThatIsBehindPinsNoForeignData) {
  SmallStore store(options()), beside(options());  // both clean
  CollectingSink sink;
  beside.consumer("late", sink).reset();
  const auto late = store.producer("late", "p");
  Traffic traffic(store);
  std::vector<std::string> waiting;
  std::uint64_t live = 0;
  const auto bound = [&live] { return 4 * live + 8 * SmallStore::largest_segment; };
  for (int today = 1; today <= 7; ++today, now += day) {
    for (int hour = 0; hour < 24; ++hour) {
      waiting.push_back("day " + std::to_string(today) + " hour " + std::to_string(hour) +
                        std::string(1000, '.'));
      ASSERT_FALSE(send(*late, waiting.back()));
      live += waiting.back().size();
      traffic.pass(20);
    }
    // The keeper works beside the traffic, and goes on with it.
    const auto enough = deadline_after(std::chrono::seconds(30));
    auto used = disk_use();
    for (; used > bound() && Clock::now() < enough; used = disk_use()) traffic.pass(1);
    ASSERT_LE(used, bound()) << "on day " << today;
  }
  ASSERT_GT(traffic.passed, 4 * bound()) << "there is nothing to be shown";
  std::cout << "  passed " << traffic.passed << " bytes, waiting " << live << ", on disk " << disk_use()
            << '\n';
  EXPECT_TRUE(check_store(directory.store()).sound());
  const auto in = beside.consumer("late", sink);
  in->request(waiting.size());
  ASSERT_TRUE(sink.wait_for(waiting.size()));
  EXPECT_EQ(sink.take_payloads(), waiting);
}

TEST_F(Week, WhatIsBehindIsThereAfterARestartToo) {
  std::vector<std::string> waiting;
  for (int today = 1; today <= 7; ++today, now += day) {
    SmallStore store(options());
    CollectingSink sink;
    store.consumer("late", sink).reset();
    const auto late = store.producer("late", "p");
    waiting.push_back("day " + std::to_string(today));
    ASSERT_FALSE(send(*late, waiting.back()));
    Traffic traffic(store);
    traffic.pass(200);
  }
  SmallStore store(options());
  CollectingSink sink;
  const auto in = store.consumer("late", sink);
  in->request(100);
  ASSERT_TRUE(sink.wait_for(waiting.size()));
  EXPECT_EQ(sink.take_payloads(), waiting);
}

TEST_F(Week, HistoryGoesByItsAgeAndBySizeUnderLoad) {
  constexpr std::uint64_t kept = 64 << 10;
  auto chosen = options();
  chosen.limits = {.retention_bytes = kept, .retention_time = 3 * day, .hard_limit = 0};
  SmallStore store(chosen);
  const auto out = store.producer("a", "p");
  const auto bytes = [&store] { return store.engine()->statistics(queue("a")).bytes; };
  std::uint64_t most = 0;
  for (int today = 1; today <= 7; ++today, now += day) {
    for (int i = 0; i < 100; ++i) {
      ASSERT_FALSE(send(*out, std::string(2000, 'x')));
      most = std::max(most, bytes());
    }
    ASSERT_LE(bytes(), kept);
  }
  EXPECT_GT(most, kept / 2);
  EXPECT_LE(most, kept) << "at every moment";
  now += 4 * day;
  ASSERT_FALSE(send(*out, "new"));
  EXPECT_EQ(store.engine()->statistics(queue("a")).depth, 1U) << "all before it is too old";
}

}  // namespace
}  // namespace omnibus::embedded::test
