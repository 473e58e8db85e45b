#include "services/gateway/server/seldom.hpp"

#include <gtest/gtest.h>

namespace omnibus::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Seldom, TellsTheFirstAtOnceAndThenOneAMinuteWithTheCount) {
  Seldom seldom(minutes(1));
  const TimePoint start{};
  EXPECT_EQ(seldom.note(start), 1u);
  EXPECT_EQ(seldom.note(start + seconds(1)), 0u);
  EXPECT_EQ(seldom.note(start + seconds(59)), 0u);
  EXPECT_EQ(seldom.note(start + seconds(60)), 3u);
  EXPECT_EQ(seldom.note(start + seconds(61)), 0u);
  EXPECT_EQ(seldom.note(start + minutes(10)), 2u);
}

}  // namespace
}  // namespace omnibus::gateway
