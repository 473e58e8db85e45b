#include "services/sqlite/answered.hpp"

#include <gtest/gtest.h>

#include "services/sqlite/tests/folder.hpp"

namespace omnibus::sqlite {
namespace {

class AnsweredRequests : public testing::Test {
 protected:
  TestFolder folder_;
  Database database_{folder_.path() / "store.sqlite",
                     {.what = "test store", .application = 1, .version = 1, .schema = ""}};
  Answered answered_{database_};
};

TEST_F(AnsweredRequests, AreKnown) {
  EXPECT_FALSE(answered_.contains("r1"));
  answered_.mark("r1");
  answered_.mark("r1");
  EXPECT_TRUE(answered_.contains("r1"));
  EXPECT_TRUE(Answered(database_).contains("r1"));
  EXPECT_FALSE(answered_.contains("r2"));
}

TEST_F(AnsweredRequests, WithoutANameAreNot) {
  answered_.mark("");
  EXPECT_FALSE(answered_.contains(""));
}

TEST_F(AnsweredRequests, AreUndoneWithTheTransaction) {
  {
    const Transaction undone(database_);
    answered_.mark("r1");
  }
  EXPECT_FALSE(answered_.contains("r1"));
}

TEST_F(AnsweredRequests, AreForgottenAfterAWeek) {
  const SystemTime start{};
  answered_.mark("r1", start);
  answered_.mark("r2", start + std::chrono::hours(24 * 7));
  EXPECT_TRUE(answered_.contains("r1"));
  answered_.mark("r3", start + std::chrono::hours(24 * 7 + 1));
  EXPECT_FALSE(answered_.contains("r1"));
  EXPECT_TRUE(answered_.contains("r2"));
}

}  // namespace
}  // namespace omnibus::sqlite
