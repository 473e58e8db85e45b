#include <omnibus/exit_status.hpp>

#include <gtest/gtest.h>

namespace omnibus {
namespace {

TEST(ExitStatus, FollowsTheCode) {
  EXPECT_EQ(exit_status(ConfigError("unknown flag --x")), 2);
  EXPECT_EQ(exit_status(Error(ErrorCode::unsupported, "a newer format")), 2);
  EXPECT_EQ(exit_status(Error(ErrorCode::unavailable, "refused")), 3);
  EXPECT_EQ(exit_status(Error(ErrorCode::authentication, "no token")), 3);
  EXPECT_EQ(exit_status(Error(ErrorCode::forbidden, "not this queue")), 3);
  EXPECT_EQ(exit_status(Error(ErrorCode::conflict, "taken")), 1);
  EXPECT_EQ(exit_status(TimeoutError("silence")), 1);
}

}  // namespace
}  // namespace omnibus
