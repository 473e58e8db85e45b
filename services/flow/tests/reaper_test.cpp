#include "services/flow/reaper.hpp"

#include <unistd.h>

#include <future>

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "services/flow/tests/fake_config.hpp"

namespace omnibus::flow {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct FakeSubscriptions : Subscriptions {
  Backlog look(const Subscription& subscription) override {
    return {.exists = backlog.contains(subscription.name), .messages = backlog[subscription.name]};
  }
  void remove(const Subscription& subscription) override {
    if (failing) throw Error(ErrorCode::unavailable, "no link");
    removed.push_back(subscription.name);
    if (on_remove) on_remove();
  }

  std::map<std::string, std::uint64_t> backlog;
  std::vector<std::string> removed;
  bool failing = false;
  std::function<void()> on_remove;
};

class FlowReaper : public testing::Test {
 protected:
  FlowReaper() { subscriptions_.backlog["chunker--f1--input"] = 3; }
  ~FlowReaper() override { std::filesystem::remove_all(folder_); }

  static SystemTime at(std::chrono::milliseconds time) { return SystemTime(hours(1000) + time); }
  static config::Values running() {
    return {{"active-flow",
             {{"chunker", R"({"f1": {"input": "q1/tg/flow/in:f1", "output": "q1/tg/flow/out:f1"}})"}}}};
  }
  static config::Values stopped() { return {{"active-flow", {{"chunker", "{}"}}}}; }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                        ("omnibus-flow-reaper-" + std::to_string(::getpid()) + "-" +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
  Ledger ledger_{folder_ / "ledger"};
  FakeConfig config_;
  FakeSubscriptions subscriptions_;
  std::mutex exclusive_;
  Reaper reaper_{ledger_, config_, subscriptions_, hours(1), exclusive_};
};

TEST_F(FlowReaper, RemovesWhatWasUnusedForTheGrace) {
  reaper_.observe(running(), at(minutes(0)));
  reaper_.observe(stopped(), at(minutes(1)));
  config_.snapshot.values = stopped();
  EXPECT_EQ(reaper_.sweep(at(minutes(60))), 0u);
  EXPECT_EQ(reaper_.sweep(at(minutes(61))), 1u);
  EXPECT_EQ(subscriptions_.removed, std::vector<std::string>{"chunker--f1--input"});
  EXPECT_EQ(ledger_.oldest(), std::nullopt);
}

TEST_F(FlowReaper, LeavesAFlowThatWasStartedMeanwhile) {
  reaper_.observe(running(), at(minutes(0)));
  reaper_.observe(stopped(), at(minutes(1)));
  config_.snapshot.values = running();
  EXPECT_EQ(reaper_.sweep(at(hours(2))), 0u);
  EXPECT_TRUE(subscriptions_.removed.empty());
  EXPECT_EQ(ledger_.oldest(), std::nullopt);
}

TEST_F(FlowReaper, TriesAgainWhatCouldNotBeRemoved) {
  reaper_.observe(running(), at(minutes(0)));
  reaper_.observe(stopped(), at(minutes(1)));
  config_.snapshot.values = stopped();
  subscriptions_.failing = true;
  EXPECT_EQ(reaper_.sweep(at(hours(2))), 0u);
  subscriptions_.failing = false;
  EXPECT_EQ(reaper_.sweep(at(hours(2))), 1u);
}

TEST_F(FlowReaper, TakesAConfigurationWithoutFlowsForNoNews) {
  reaper_.observe(running(), at(minutes(0)));
  reaper_.observe({}, at(minutes(1)));
  EXPECT_EQ(ledger_.oldest(), std::nullopt);
}

TEST_F(FlowReaper, SleepsUntilSomethingIsDueAndNotForLong) {
  const auto now = at(minutes(0));
  EXPECT_EQ(pause_until(now + std::chrono::milliseconds(20), now), std::chrono::milliseconds(20));
  EXPECT_EQ(pause_until(now, now), std::chrono::milliseconds(0));
  EXPECT_EQ(pause_until(now - hours(1), now), std::chrono::milliseconds(0));
  EXPECT_EQ(pause_until(now + hours(1), now), std::chrono::seconds(30));
  EXPECT_EQ(pause_until(SystemTime::max(), now), std::chrono::seconds(30));  // nothing is unused
}

TEST_F(FlowReaper, SweepsByItself) {
  std::promise<void> removed;
  subscriptions_.on_remove = [&] { removed.set_value(); };
  config_.snapshot.values = stopped();
  reaper_.start();
  reaper_.observe(running(), at(minutes(0)));
  reaper_.observe(stopped(), at(minutes(1)));
  EXPECT_EQ(removed.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  reaper_.stop();
}

}  // namespace
}  // namespace omnibus::flow
