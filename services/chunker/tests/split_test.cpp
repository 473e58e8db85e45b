#include "services/chunker/split.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/error.hpp>

namespace omnibus::chunker {
namespace {

TEST(SplitRecursive, EqualsEveryRecordedCase) {
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/chunker_recursive.jsonl");
  std::size_t cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto recorded = boost::json::parse(line);
    const Limits limits{recorded.at("chunk_size").to_number<std::size_t>(),
                        recorded.at("chunk_overlap").to_number<std::size_t>()};
    std::vector<std::string> expected;
    for (const auto& chunk : recorded.at("chunks").as_array()) expected.emplace_back(chunk.as_string());
    EXPECT_EQ(split_recursive(recorded.at("text").as_string(), limits), expected)
        << recorded.at("case") << " size " << limits.size << " overlap " << limits.overlap;
  }
  EXPECT_EQ(cases, 28u);
}

TEST(SplitRecursive, NeverPassesTheSizeAndLosesNoWord) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "word" + std::to_string(i) + (i % 17 == 0 ? "\n\n" : i % 5 == 0 ? "\n" : " ");
  const Limits limits{120, 30};
  const auto chunks = split_recursive(text, limits);
  std::string all;
  for (const auto& chunk : chunks) {
    EXPECT_LE(length(chunk), limits.size);
    all += chunk + '\n';
  }
  for (int i = 0; i < 5000; ++i) EXPECT_NE(all.find("word" + std::to_string(i)), std::string::npos) << i;
}

TEST(SplitRecursive, KeepsSingleCodePointsAsTheyAre) {
  EXPECT_EQ(split_recursive("ab", {1, 0}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(split_recursive("é日", {1, 0}), (std::vector<std::string>{"é", "日"}));
}

TEST(SplitRecursive, StripsUnicodeWhiteSpace) {
  EXPECT_EQ(split_recursive("\xe3\x80\x80 a\xc2\xa0\xe2\x80\xa8", {50, 0}), std::vector<std::string>{"a"});
}

TEST(SplitRecursive, CountsBrokenBytesAsOneEach) {
  EXPECT_EQ(length("\xff\xfe\x80"), 3u);
  EXPECT_EQ(length("\xe6\x97"), 1u);
  EXPECT_EQ(split_recursive("\x80\x80\x80", {2, 1}).size(), 2u);
}

TEST(SplitRecursive, HandlesLongTextWithoutSeparators) {
  const auto chunks = split_recursive(std::string(1u << 20, 'x'), {2000, 100});
  EXPECT_EQ(chunks.size(), 552u);
  for (const auto& chunk : chunks) EXPECT_LE(chunk.size(), 2000u);
}

TEST(ChunkLimits, RefuseWhatWouldNotAdvance) {
  EXPECT_NO_THROW(validate({2, 1}));
  EXPECT_THROW(validate({0, 0}), ConfigError);
  EXPECT_THROW(validate({100, 100}), ConfigError);
  EXPECT_THROW(validate({100, 101}), ConfigError);
}

}  // namespace
}  // namespace omnibus::chunker
