#include "services/gateway/server/byte_budget.hpp"

#include <gtest/gtest.h>

namespace omnibus::gateway {
namespace {

TEST(ByteBudget, GrantsInOrderAsRoomComes) {
  const auto budget = std::make_shared<ByteBudget>(10);
  int wakes = 0;
  const auto wake = [&] { ++wakes; };
  auto first = budget->claim(6, wake);
  auto second = budget->claim(6, wake);
  auto third = budget->claim(1, wake);
  EXPECT_TRUE(first->granted());
  EXPECT_FALSE(second->granted());
  EXPECT_FALSE(third->granted());  // it would fit, but the second was first
  first.reset();
  EXPECT_TRUE(second->granted());
  EXPECT_TRUE(third->granted());
  EXPECT_EQ(wakes, 2);
}

TEST(ByteBudget, AClaimThatIsGivenUpMakesRoomInTheQueue) {
  const auto budget = std::make_shared<ByteBudget>(10);
  const auto first = budget->claim(6, [] {});
  auto second = budget->claim(6, [] {});
  const auto third = budget->claim(4, [] {});
  second.reset();
  EXPECT_TRUE(third->granted());
}

TEST(ByteBudget, GrantsAClaimOverTheWholeBudgetAlone) {
  const auto budget = std::make_shared<ByteBudget>(10);
  auto small = budget->claim(1, [] {});
  const auto large = budget->claim(100, [] {});
  EXPECT_FALSE(large->granted());
  small.reset();
  EXPECT_TRUE(large->granted());
  EXPECT_FALSE(budget->claim(1, [] {})->granted());
}

TEST(ByteBudget, LivesAsLongAsItsClaims) {
  auto budget = std::make_shared<ByteBudget>(10);
  auto claim = budget->claim(1, [] {});
  budget.reset();
  claim.reset();
}

}  // namespace
}  // namespace omnibus::gateway
