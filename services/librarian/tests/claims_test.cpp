#include "services/librarian/claims.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace omnibus::librarian {
namespace {

TEST(Claims, OfOneThingWaitForEachOther) {
  Claims claims;
  std::atomic<int> inside = 0, most = 0;
  int unguarded = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 500; ++round) {
          const auto claim = claims.document("u", "d");
          const int now = ++inside;
          if (now > most) most = now;
          ++unguarded;
          --inside;
        }
      });
    }
  }
  EXPECT_EQ(most, 1);
  EXPECT_EQ(unguarded, 2000);
}

TEST(Claims, OfOtherThingsDoNot) {
  Claims claims;
  const auto first = claims.document("u", "d");
  const auto second = claims.document("u", "e");
  const auto third = claims.document("ud", "");
  const auto fourth = claims.processing("u", "d");
}

}  // namespace
}  // namespace omnibus::librarian
