#include <sstream>

#include <gtest/gtest.h>

#include <omnibus/base64.hpp>
#include <omnibus/error.hpp>

#include "services/tokens/encoding.hpp"
#include "services/tokens/utf8.hpp"

namespace omnibus::tokens {
namespace {

/// Lines for the 256 bytes and then these tokens.
std::string lines_of(const std::vector<std::string>& more) {
  std::string out;
  int rank = 0;
  for (; rank < 256; ++rank) {
    out += base64::encode(std::string(1, static_cast<char>(rank))) + " " + std::to_string(rank) + "\n";
  }
  for (const auto& token : more) out += base64::encode(token) + " " + std::to_string(rank++) + "\n";
  return out;
}

Vocabulary vocabulary_of(const std::string& lines) {
  std::istringstream stream(lines);
  return {stream, "v"};
}

std::string refusal_of(const std::string& lines) {
  try {
    (void)vocabulary_of(lines);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

std::vector<std::uint32_t> ranks_of(const std::string& text, const std::vector<std::string>& more) {
  std::vector<std::uint32_t> out;
  for (const auto& token : Encoding(vocabulary_of(lines_of(more))).encode(text)) out.push_back(token.rank);
  return out;
}

TEST(Vocabulary, SaysWhichLineIsWrong) {
  EXPECT_NE(refusal_of(lines_of({}) + "!! 300\n").find("v line 257 does not begin with a token in base64"),
            std::string::npos);
  for (const char* end : {"YWI=", "YWI= ", "YWI= x", "YWI= -1", "YWI= 4294967296", "YWI=  300"}) {
    EXPECT_NE(refusal_of(lines_of({}) + end).find("v line 257 does not end with a rank"), std::string::npos)
        << end;
  }
  EXPECT_NE(refusal_of(lines_of({"ab"}) + "YWM= 256").find("v line 258 repeats the rank 256"),
            std::string::npos);
  EXPECT_NE(refusal_of(lines_of({"ab"}) + "YWI= 300").find("v line 258 repeats a token"), std::string::npos);
  EXPECT_NE(refusal_of("").find("v has no token for the byte 0"), std::string::npos);
  EXPECT_THROW((void)Vocabulary::load("/nowhere/v"), ConfigError);
}

TEST(Vocabulary, TakesEmptyLinesAndReturns) {
  EXPECT_EQ(vocabulary_of(lines_of({}) + "\nYWI= 256\r\n\n").size(), 257u);
}

TEST(Encoding, MergesTheLowestRankFirst) {
  EXPECT_EQ(ranks_of("abc", {"bc", "ab"}), (std::vector<std::uint32_t>{'a', 256}));
  EXPECT_EQ(ranks_of("abc", {"ab", "bc"}), (std::vector<std::uint32_t>{256, 'c'}));
  EXPECT_EQ(ranks_of("aaa", {"aa"}), (std::vector<std::uint32_t>{256, 'a'})) << "the leftmost of equals";
  EXPECT_EQ(ranks_of("abcd", {"bc", "abc"}), (std::vector<std::uint32_t>{257, 'd'}));
}

TEST(Encoding, RefusesWhatIsNotUtf8) {
  EXPECT_THROW((void)Encoding(vocabulary_of(lines_of({}))).encode("a\xff"), Error);
}

TEST(WithReplacements, ReplacesAsPythonDoes) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(with_replacements("a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"),
            "a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80");
  EXPECT_EQ(with_replacements("\xe6\x97"), mark) << "the beginning of a sequence";
  EXPECT_EQ(with_replacements("\x97\xa5"), mark + mark) << "its end";
  EXPECT_EQ(with_replacements("\xf0\x9f\x98z"), mark + "z");
  EXPECT_EQ(with_replacements("\xe0\x80\xc0\xaf"), mark + mark + mark + mark) << "overlong";
  EXPECT_EQ(with_replacements("\xed\xa0\x80"), mark + mark + mark) << "a surrogate";
  EXPECT_EQ(with_replacements("\xf4\x90\xff"), mark + mark + mark);
}

}  // namespace
}  // namespace omnibus::tokens
