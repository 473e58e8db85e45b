#include <omnibus/error.hpp>

#include <stdexcept>

#include <gtest/gtest.h>

namespace omnibus {
namespace {

TEST(Error, TellsMessageAndHint) {
  const Error error(ErrorCode::unavailable, "cannot connect",
                    {.retryable = true, .backend = "kafka", .hint = "start it"});
  EXPECT_STREQ(error.what(), "cannot connect (start it)");
  EXPECT_EQ(error.message(), "cannot connect");
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(error.backend(), "kafka");
  const Error wrapped = error.with_context("queue q1/t/n/x");
  EXPECT_STREQ(wrapped.what(), "queue q1/t/n/x: cannot connect (start it)");
  EXPECT_EQ(wrapped.code(), ErrorCode::unavailable);
}

TEST(Error, NamesEveryCode) {
  EXPECT_EQ(to_string(ErrorCode::timeout), "timeout");
  EXPECT_EQ(to_string(ErrorCode::too_large), "too_large");
  EXPECT_EQ(to_string(ErrorCode::internal), "internal");
  EXPECT_EQ(to_string(static_cast<ErrorCode>(200)), "unknown");
}

TEST(Error, RaisesTheSubclassOfItsCode) {
  EXPECT_THROW(Error(ErrorCode::timeout, "t").raise(), TimeoutError);
  EXPECT_THROW(Error(ErrorCode::closed, "c").raise(), ClosedError);
  EXPECT_THROW(Error(ErrorCode::config, "c").raise(), ConfigError);
  EXPECT_THROW(Error(ErrorCode::decode, "d").raise(), DecodeError);
  EXPECT_THROW(Error(ErrorCode::encode, "e").raise(), EncodeError);
  EXPECT_THROW(Error(ErrorCode::protocol, "p").raise(), ProtocolError);
  EXPECT_THROW(Error(ErrorCode::too_many_requests, "r").raise(), TooManyRequests);
  EXPECT_THROW(Error(ErrorCode::io, "i").raise(), Error);
}

TEST(Error, SurvivesCopyingToItsBaseWithItsText) {
  const DecodeError decode("expected an integer", "Order", "$.id", 7);
  const Error copy = decode;
  EXPECT_STREQ(copy.what(), "cannot decode Order at $.id, offset 7: expected an integer");
  EXPECT_EQ(decode.reason(), "expected an integer");
  EXPECT_EQ(decode.path(), "$.id");
  EXPECT_EQ(decode.offset(), 7u);
  const EncodeError encode("not UTF-8", "Order", "$.name");
  EXPECT_STREQ(encode.what(), "cannot encode Order at $.name: not UTF-8");
}

TEST(Error, IsMadeFromAnyException) {
  const auto made_from = [](auto thrown) { return to_error(std::make_exception_ptr(thrown)); };
  EXPECT_EQ(made_from(TimeoutError("late")).code(), ErrorCode::timeout);
  EXPECT_EQ(made_from(std::runtime_error("odd")).code(), ErrorCode::internal);
  EXPECT_STREQ(made_from(std::runtime_error("odd")).what(), "odd");
  EXPECT_EQ(made_from(5).code(), ErrorCode::internal);
  EXPECT_EQ(to_error(nullptr).code(), ErrorCode::internal);
}

}  // namespace
}  // namespace omnibus
