#include "services/s3/answer.hpp"

#include <gtest/gtest.h>

namespace omnibus::s3 {
namespace {

std::string refusal(const std::string& code) {
  return "<Error><Code>" + code + "</Code><Message>m</Message></Error>";
}

TEST(StoreAnswer, HasElements) {
  const std::string xml = "<a><Key>x &amp;amp; y</Key><b><Key>z</Key></b><Key>open</a>";
  EXPECT_EQ(element(xml, "Key"), "x &amp; y");
  EXPECT_EQ(element(xml, "none"), "");
  EXPECT_EQ(elements(xml, "Key"), (std::set<std::string>{"x &amp; y", "z"}));
  EXPECT_TRUE(elements("", "Key").empty());
}

TEST(StoreAnswer, TellsWhatKindOfFailureItIs) {
  EXPECT_EQ(failure_of("w", 404, refusal("NoSuchKey")).code(), ErrorCode::not_found);
  EXPECT_EQ(failure_of("w", 403, refusal("AccessDenied")).code(), ErrorCode::forbidden);
  EXPECT_EQ(failure_of("w", 403, refusal("RequestTimeTooSkewed")).code(), ErrorCode::authentication);
  EXPECT_EQ(failure_of("w", 507, refusal("XMinioStorageFull")).code(), ErrorCode::no_space);
  EXPECT_EQ(failure_of("w", 503, "").code(), ErrorCode::unavailable);
  EXPECT_EQ(failure_of("w", 301, refusal("PermanentRedirect")).code(), ErrorCode::protocol);
  EXPECT_STREQ(failure_of("w", 400, refusal("Bad\xffThing")).what(), "w: status 400, Bad?Thing: m");
}

TEST(StoreAnswer, SaysWhetherAnotherAttemptMaySucceed) {
  for (const int status : {429, 500, 502, 503, 504}) EXPECT_TRUE(may_pass(status, "")) << status;
  for (const int status : {200, 204, 301, 400, 403, 404, 409, 501})
    EXPECT_FALSE(may_pass(status, "")) << status;
  EXPECT_TRUE(may_pass(400, refusal("RequestTimeout")));
  EXPECT_TRUE(may_pass(409, refusal("OperationAborted")));
}

}  // namespace
}  // namespace omnibus::s3
