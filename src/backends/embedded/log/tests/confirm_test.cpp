#include <atomic>
#include <condition_variable>
#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/tests/support.hpp"

/// When a commit counts as confirmed, per durability.

namespace omnibus::embedded::testing {
namespace {

using ::testing::ElementsAre;

using ConfirmTest = LogTest;

/// Collects completions. Threads: any.
class Confirmations {
 public:
  Completion next() {
    return [this](const Error* error) {
      const std::lock_guard guard(mutex_);
      error == nullptr ? ++good_ : ++failed_;
      changed_.notify_all();
    };
  }
  int good() {
    const std::lock_guard guard(mutex_);
    return good_;
  }
  bool wait_good(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return good_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int good_ = 0, failed_ = 0;
};

TEST_F(ConfirmTest, SyncConfirmsOnlyWhatIsOnDisk) {
  auto log = open(Durability{});
  Confirmations confirmations;
  std::atomic<int> early{0};
  for (int at = 0; at < 50; ++at) {
    const auto sequence = put(*log, "x").sequence;
    log->confirm(sequence, [&, sequence](const Error* error) {
      if (log->synced() < sequence) ++early;
      confirmations.next()(error);
    });
  }
  EXPECT_TRUE(confirmations.wait_good(50));
  EXPECT_EQ(early, 0);
  EXPECT_EQ(log->synced(), 50U);
}

TEST_F(ConfirmTest, OneSyncServesManyPublishersOfTwoHandles) {
  auto left = open(Durability{});
  auto right = open(Durability{});
  constexpr int publishers = 4, each = 40;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int at = 0; at < publishers; ++at) {
    threads.emplace_back([&, &log = at % 2 == 0 ? *left : *right] {
      for (int sent = 0; sent < each; ++sent) {
        Confirmations mine;
        log.confirm(put(log, "x").sequence, mine.next());
        if (!mine.wait_good(1)) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(left->synced(), static_cast<std::uint64_t>(publishers * each));
}

TEST_F(ConfirmTest, AStoppedSyncLeaderHoldsNobodyUp) {
  auto log = open(Durability{});
  const auto control = ControlFile::open(directory / "control", log->store_id());
  for (int at = 0; at < 3; ++at) {
    control->sync_leader.store(77);  // another member says that it syncs, and never ends
    Confirmations confirmations;
    log->confirm(put(*log, "x").sequence, confirmations.next());
    EXPECT_TRUE(confirmations.wait_good(1));
  }
}

TEST_F(ConfirmTest, AFollowerIsConfirmedByTheLeadersSync) {
  auto log = open(Durability{});
  const auto control = ControlFile::open(directory / "control", log->store_id());
  bool followed = false;
  // A machine under load may take longer than a follower's patience; one round in time is enough.
  for (int round = 0; round < 20 && !followed; ++round) {
    control->sync_leader.store(77);
    Confirmations confirmations;
    const auto sequence = put(*log, "x").sequence;
    log->confirm(sequence, confirmations.next());
    raise_synced(*control, sequence);
    control->sync_word.fetch_add(1);
    futex_wake_all(control->sync_word);
    ASSERT_TRUE(confirmations.wait_good(1));
    followed = control->sync_leader.load() == 77;
  }
  EXPECT_TRUE(followed) << "it never left the sync to the leader";
}

TEST_F(ConfirmTest, AfterAFailedSyncNothingIsConfirmedOrWritten) {
  auto log = open(Durability{});
  const auto control = ControlFile::open(directory / "control", log->store_id());
  const auto sequence = put(*log, "x").sequence;
  control->sync_error.store(EIO);
  ErrorCode code = ErrorCode::internal;
  log->confirm(sequence, [&](const Error* error) { code = error->code(); });
  EXPECT_EQ(code, ErrorCode::io);
  EXPECT_THROW(put(*log, "y"), Error);
  EXPECT_THAT(all(*log), ElementsAre("x")) << "reading goes on";
}

TEST_F(ConfirmTest, GroupConfirmsAtOnceAndSyncsSoon) {
  auto log = open(Durability::parse("group:5"));
  Confirmations confirmations;
  const auto sequence = put(*log, "x").sequence;
  log->confirm(sequence, confirmations.next());
  EXPECT_EQ(confirmations.good(), 1) << "before confirm() returned";
  EXPECT_TRUE(eventually([&] { return log->synced() >= sequence; }));
}

TEST_F(ConfirmTest, GroupMakesSendersWaitWhileTheSyncIsOverdue) {
  auto log = open(Durability::parse("group:1"));
  std::promise<void> proceed;
  std::promise<void> blocked;
  log->watch([&](const Member&) {
    blocked.set_value();
    proceed.get_future().wait();
  });
  const auto other = open()->self();  // gone at once
  log->track(other);
  blocked.get_future().wait();  // now the thread that syncs stands still

  Confirmations confirmations;
  int sent = 0;
  EXPECT_TRUE(eventually([&] {
    log->confirm(put(*log, "x").sequence, confirmations.next());
    return confirmations.good() < ++sent;
  })) << "no confirmation waited";
  proceed.set_value();
  EXPECT_TRUE(confirmations.wait_good(sent));
}

TEST_F(ConfirmTest, ProcessConfirmsWithoutAnySync) {
  auto log = open(Durability::parse("process"));
  Confirmations confirmations;
  log->confirm(put(*log, "x").sequence, confirmations.next());
  EXPECT_EQ(confirmations.good(), 1);
  EXPECT_EQ(log->synced(), 0U);
  log->sync();
  EXPECT_EQ(log->synced(), 1U);
}

TEST_F(ConfirmTest, ClosingConfirmsWhatStillWaits) {
  Confirmations confirmations;
  {
    auto log = open(Durability{});
    for (int at = 0; at < 20; ++at) log->confirm(put(*log, "x").sequence, confirmations.next());
  }
  EXPECT_EQ(confirmations.good(), 20);
}

}  // namespace
}  // namespace omnibus::embedded::testing
