#include "services/flow/ledger.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

#include <omnibus/error.hpp>

namespace omnibus::flow {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class FlowLedger : public testing::Test {
 protected:
  void SetUp() override {
    file_ = std::filesystem::temp_directory_path() /
            ("omnibus-flow-ledger-" + std::to_string(::getpid()) + "-" +
             testing::UnitTest::GetInstance()->current_test_info()->name());
    TearDown();
  }
  void TearDown() override {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + suffix);
  }

  static SystemTime at(std::chrono::milliseconds time) { return SystemTime(hours(1000) + time); }

  const Subscription f1_{"f1", "q1/tg/flow/in:f1", "chunker--f1--input"};
  const Subscription f2_{"f2", "q1/tg/flow/in:f2", "chunker--f2--input"};
  std::filesystem::path file_;
};

TEST_F(FlowLedger, KnowsSinceWhenASubscriptionIsUnused) {
  Ledger ledger(file_);
  ledger.observe({{f1_, f2_}}, at(minutes(0)));
  EXPECT_EQ(ledger.oldest(), std::nullopt);
  ledger.observe({{f2_}}, at(minutes(5)));
  ledger.observe({{f2_}}, at(minutes(20)));
  EXPECT_EQ(ledger.oldest(), at(minutes(5)));
  EXPECT_TRUE(ledger.unused_since(at(minutes(4))).empty());
  EXPECT_EQ(ledger.unused_since(at(minutes(5))), std::vector<Subscription>{f1_});
}

TEST_F(FlowLedger, StartingAgainResumes) {
  Ledger ledger(file_);
  ledger.observe({{f1_}}, at(minutes(0)));
  ledger.observe({{}}, at(minutes(1)));
  ledger.observe({{f1_}}, at(minutes(2)));
  EXPECT_TRUE(ledger.unused_since(at(hours(9))).empty());
}

TEST_F(FlowLedger, RemembersOverARestart) {
  {
    Ledger ledger(file_);
    ledger.observe({{f1_, f2_}}, at(minutes(0)));
    ledger.observe({{f1_}}, at(minutes(1)));
  }
  Ledger ledger(file_);
  EXPECT_EQ(ledger.oldest(), at(minutes(1)));
  ledger.observe({{}}, at(minutes(9)));
  EXPECT_EQ(ledger.unused_since(at(hours(1))), (std::vector<Subscription>{f2_, f1_}));
}

TEST_F(FlowLedger, KeepsWhatIsUnclearAndNotesTheRest) {
  Ledger ledger(file_);
  ledger.observe({{f1_, f2_}}, at(minutes(0)));
  ledger.observe({{}}, at(minutes(1)));
  ledger.observe({{}, {"chunker--f1--"}}, at(minutes(2)));
  EXPECT_EQ(ledger.unused_since(at(hours(1))), std::vector<Subscription>{f2_});
  ledger.observe({{}}, at(minutes(3)));
  EXPECT_EQ(ledger.oldest(), at(minutes(1)));
  EXPECT_EQ(ledger.unused_since(at(hours(1))), (std::vector<Subscription>{f2_, f1_}));
}

TEST_F(FlowLedger, ForgetsWhatWasRemoved) {
  Ledger ledger(file_);
  ledger.observe({{f1_}}, at(minutes(0)));
  ledger.observe({{}}, at(minutes(1)));
  ledger.forget(f1_);
  EXPECT_EQ(ledger.oldest(), std::nullopt);
}

TEST(SubscriptionsOf, AreTheDurableQueuesOfActiveFlows) {
  const config::Values values{
      {"active-flow",
       {{"chunker",
         R"({"f1": {"input": "q1/tg/flow/in:f1", "output": "persistent://tg/flow/out:f1", "size": "5",)"
         R"( "probe": "q0/tg/request/x"}})"},
        {"prompt", "{}"}}}};
  EXPECT_EQ(subscriptions_of(values), (InUse{{{"f1", "q1/tg/flow/in:f1", "chunker--f1--input"},
                                              {"f1", "q1/tg/flow/out:f1", "chunker--f1--output"}}}));
}

TEST(SubscriptionsOf, TakesAMissingTypeForNoNews) { EXPECT_EQ(subscriptions_of({}), std::nullopt); }

TEST(SubscriptionsOf, SkipsMalformedEntriesAndTellsWhatStaysUnclear) {
  const config::Values values{{"active-flow",
                               {{"chunker", R"({"f1": 5, "f2": {"input": "q1/tg/flow/in:f2"}})"},
                                {"embedder", "[]"},
                                {"prompt", "{"}}}};
  EXPECT_EQ(subscriptions_of(values), (InUse{{{"f2", "q1/tg/flow/in:f2", "chunker--f2--input"}},
                                             {"chunker--f1--", "embedder--", "prompt--"}}));
}

TEST(SubscriptionsOf, KeepsOfAMalformedEntryAlsoTheNamesThatWereCut) {
  const std::string processor(190, 'p');
  const config::Values before{{"active-flow", {{processor, R"({"f1": {"input": "q1/tg/flow/in:f1"}})"}}}};
  const config::Values after{{"active-flow", {{processor, R"({"f1": 5})"}}}};
  const auto name = subscriptions_of(before)->subscriptions.at(0).name;
  const auto unclear = subscriptions_of(after)->unclear.at(0);
  EXPECT_EQ(name.substr(0, unclear.size()), unclear);
}

}  // namespace
}  // namespace omnibus::flow
