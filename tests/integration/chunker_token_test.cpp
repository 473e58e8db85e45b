// The token chunker as a process, killed in mid-work.

#include <signal.h>

#include <set>

#include <gtest/gtest.h>

#include <omnibus/catalogue/document.hpp>

#include "integration/system.hpp"
#include "services/chunker/token_split.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::Chunk;
using catalogue::TextDocument;

constexpr const char* vocabulary = OMNIBUS_TEST_DATA "/vocabulary.tiktoken";
constexpr chunker::Limits limits{.size = 20, .overlap = 5};

class TokenChunkerProcess : public testing::Test {
 protected:
  void start() {
    system_.start("config-svc");
    system_.start("flow-svc");
    system_.start("gateway");
    start_chunker();
    system_.put_blueprint();
    system_.start_flow("f1");
  }
  void start_chunker() {
    system_.start("chunker-token", {"--vocabulary", vocabulary, "-z", "20", "-v", "5", "-c", "2"});
  }

  System system_;
  omnibus::Producer<TextDocument> documents_ =
      system_.bus().create_producer<TextDocument>(topic("text-load:f1"));
  omnibus::Consumer<Chunk> chunks_ = system_.bus().create_consumer<Chunk>(topic("chunk:f1"), "test");
};

TEST_F(TokenChunkerProcess, LosesNothingWhenItIsKilledInMidWork) {
  start();
  const tokens::Encoding encoding(tokens::Vocabulary::load(vocabulary));
  std::set<std::string> missing;
  for (int i = 0; i < 300; ++i) {
    const auto id = "doc" + std::to_string(i);
    std::string text;
    for (int word = 0; word < 100; ++word) text += id + " the 日本語 " + std::to_string(word) + "\n";
    for (const auto& chunk : chunker::split_tokens(text, limits, encoding)) missing.insert(id + chunk);
    documents_.send({.metadata = catalogue::Metadata{.id = id}, .text = text});
  }
  const auto all = missing.size();
  bool killed = false;
  while (!missing.empty()) {
    const auto message = chunks_.poll(30s);
    ASSERT_TRUE(message) << missing.size() << " chunks are missing";
    missing.erase((*message)->metadata->id + (*message)->chunk.str());
    chunks_.acknowledge(*message);
    if (!killed && missing.size() < all / 2) {
      killed = true;
      system_.kill("chunker-token");
      start_chunker();
    }
  }
  EXPECT_TRUE(eventually([&] {
    return system_.bus().statistics(topic("text-load:f1")).subscriptions.at("chunker--f1--input").backlog ==
           0;
  }));
}

TEST_F(TokenChunkerProcess, StopsCleanlyOnSigterm) {
  start();
  documents_.send({.text = "some words"});
  EXPECT_EQ(chunks_.receive(30s)->chunk.str(), "some words");
  auto& process = system_.process("chunker-token");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(15s), 0) << process.output();
}

}  // namespace
}  // namespace omnibus::integration
