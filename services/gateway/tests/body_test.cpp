#include "services/gateway/json/body.hpp"

#include <gtest/gtest.h>

namespace omnibus::gateway {
namespace {

std::string complaint(std::string_view text) {
  try {
    (void)parse_body(text);
  } catch (const NotJson& error) {
    return error.reason();
  }
  return "none";
}

TEST(Body, ReadsJson) {
  EXPECT_EQ(parse_body(" {\"a\": [1, \"\\u00e9\"]} ").at("a").at(1).as_string(), "\xC3\xA9");
  EXPECT_EQ(parse_body("{\"a\": 1, \"a\": 2}").at("a").as_int64(), 2);
}

TEST(Body, ComplainsInTheWordsThatClientsKnow) {
  EXPECT_EQ(complaint("{bad"), "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
  EXPECT_EQ(complaint(""), "Expecting value: line 1 column 1 (char 0)");
  EXPECT_EQ(complaint("\xEF\xBB\xBF{}"), "Expecting value: line 1 column 1 (char 0)");
  EXPECT_EQ(complaint("{\"a\" 1}"), "Expecting ':' delimiter: line 1 column 6 (char 5)");
  EXPECT_EQ(complaint("{\"a\": 1\n \"b\"}"), "Expecting ',' delimiter: line 2 column 2 (char 9)");
  EXPECT_EQ(complaint("{\"a\": 1,}"),
            "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)");
  EXPECT_EQ(complaint("[1,]"), "Expecting value: line 1 column 4 (char 3)");
  EXPECT_EQ(complaint("[1 2]"), "Expecting ',' delimiter: line 1 column 4 (char 3)");
  EXPECT_EQ(complaint("["), "Expecting value: line 1 column 2 (char 1)");
  EXPECT_EQ(complaint("{} x"), "Extra data: line 1 column 4 (char 3)");
  EXPECT_EQ(complaint("\"abc"), "Unterminated string starting at: line 1 column 1 (char 0)");
  EXPECT_EQ(complaint("\"a\nb\""), "Invalid control character at: line 1 column 3 (char 2)");
  EXPECT_EQ(complaint("\"\\x\""), "Invalid \\escape: line 1 column 2 (char 1)");
  EXPECT_EQ(complaint("\"\\u12G4\""), "Invalid \\uXXXX escape: line 1 column 3 (char 2)");
  EXPECT_EQ(complaint("01"), "Extra data: line 1 column 2 (char 1)");
  EXPECT_EQ(complaint("-"), "Expecting value: line 1 column 1 (char 0)");
  EXPECT_EQ(complaint("1.e5"), "Extra data: line 1 column 2 (char 1)");
  EXPECT_EQ(complaint("[\"\xC3\xA9\" x]"), "Expecting ',' delimiter: line 1 column 6 (char 5)");
}

TEST(Body, RefusesWhatOnlyPythonTakes) {
  EXPECT_EQ(complaint("{\"a\": \xFF}"), "Not UTF-8 at byte 6");
  EXPECT_EQ(complaint("\"\xED\xA0\x80\""), "Not UTF-8 at byte 1");
  EXPECT_EQ(complaint("\"\\ud800\""), "Not JSON: a bare NaN or Infinity, or an unpaired surrogate escape");
  EXPECT_NE(complaint("NaN"), "none");
  EXPECT_EQ(complaint(std::string(200, '[') + std::string(200, ']')), "Nested more than 128 levels deep");
  EXPECT_NE(complaint(std::string(1000000, '[')), "none");
  EXPECT_NE(complaint(std::string(1000000, '{')), "none");
}

}  // namespace
}  // namespace omnibus::gateway
