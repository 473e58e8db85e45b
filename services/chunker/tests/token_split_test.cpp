#include "services/chunker/token_split.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace omnibus::chunker {
namespace {

tokens::Encoding encoding_of(const std::string& vocabulary) {
  return tokens::Encoding(tokens::Vocabulary::load(vocabulary));
}

/// Compares tokens and chunks with what tiktoken and langchain made of the same texts.
void expect_recorded(const std::string& vocabulary, const std::string& name) {
  const auto encoding = encoding_of(vocabulary);
  std::ifstream file(OMNIBUS_TEST_DATA "/vectors/" + name);
  std::size_t cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto recorded = boost::json::parse(line);
    const std::string text(recorded.at("text").as_string());
    boost::json::array ranks;
    for (const auto& token : encoding.encode(text)) ranks.emplace_back(token.rank);
    EXPECT_EQ(ranks, recorded.at("tokens").as_array()) << recorded.at("text");
    boost::json::array chunks;
    const Limits limits{recorded.at("chunk_size").to_number<std::size_t>(),
                        recorded.at("chunk_overlap").to_number<std::size_t>()};
    for (const auto& chunk : split_tokens(text, limits, encoding)) chunks.emplace_back(chunk);
    EXPECT_EQ(chunks, recorded.at("chunks").as_array()) << recorded.at("text");
  }
  EXPECT_EQ(cases, 93u);
}

TEST(SplitTokens, EqualsEveryRecordedCase) {
  expect_recorded(OMNIBUS_TEST_DATA "/vocabulary.tiktoken", "tokens.jsonl");
}

TEST(SplitTokens, EqualsEveryCaseOfTheRealVocabulary) {
  const char* path = std::getenv("OMNIBUS_CL100K");
  if (path == nullptr) GTEST_SKIP() << "set OMNIBUS_CL100K to the path of cl100k_base.tiktoken";
  expect_recorded(path, "cl100k_base.jsonl");
}

TEST(SplitTokens, TakesBytesThatAreNotUtf8AsReplacements) {
  const auto encoding = encoding_of(OMNIBUS_TEST_DATA "/vocabulary.tiktoken");
  EXPECT_EQ(split_tokens("a\xff\xe6\x97z", {250, 15}, encoding),
            std::vector<std::string>{"a\xef\xbf\xbd\xef\xbf\xbdz"});
}

TEST(SplitTokens, TakesAWordOfAMegabyte) {
  const auto encoding = encoding_of(OMNIBUS_TEST_DATA "/vocabulary.tiktoken");
  const std::string word(1u << 20, 'e');
  const auto chunks = split_tokens(word, {250, 0}, encoding);
  std::string all;
  for (const auto& chunk : chunks) all += chunk;
  EXPECT_EQ(all, word);
  EXPECT_EQ(split_tokens(std::string(1u << 20, ' ') + "x", {250, 0}, encoding).back().back(), 'x');
}

}  // namespace
}  // namespace omnibus::chunker
