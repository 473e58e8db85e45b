#include "services/http/answer.hpp"

#include <gtest/gtest.h>

namespace omnibus::http {
namespace {

TEST(Answer, TellsWhatTheServerRefusedFor) {
  EXPECT_STREQ(failure_of(400, R"({"error": {"message": "no such model"}})").what(),
               "Error code: 400 - {'error': {'message': 'no such model'}}");
  EXPECT_STREQ(failure_of(502, "bad\xff gateway").what(), "Error code: 502 - bad? gateway");
  EXPECT_STREQ(failure_of(503, "").what(), "Error code: 503");
  EXPECT_EQ(failure_of(500, '"' + std::string(1u << 20, 'x') + '"').what(),
            "Error code: 500 - \"" + std::string(1999, 'x'));
  EXPECT_EQ(failure_of(429, "slow down").code(), ErrorCode::too_many_requests);
}

TEST(Answer, FindsMembersOfObjectsOnly) {
  const auto whole = parsed(R"({"a": {"b": 1}})");
  EXPECT_EQ(*member(member(&whole, "a"), "b"), 1);
  EXPECT_EQ(member(member(&whole, "x"), "b"), nullptr);
  const auto list = parsed("[1]");
  EXPECT_EQ(member(&list, "a"), nullptr);
  EXPECT_THROW((void)parsed("<html>"), ProtocolError);
}

}  // namespace
}  // namespace omnibus::http
