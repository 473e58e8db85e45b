// Three chunkers share a flow's documents with --transactional; one after the other is killed at random.

#include <iostream>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include <omnibus/catalogue/document.hpp>

#include "integration/system.hpp"
#include "services/chunker/split.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::Chunk;
using catalogue::TextDocument;

constexpr int kills = 30, batch = 8, chunkers = 3;

std::string text_of(int number) {
  std::string out;
  for (int i = 0; i < 400; ++i) out += "word" + std::to_string(number) + "x" + std::to_string(i) + " ";
  return out;
}

/// Expected against arrived, by document and content.
class Tally {
 public:
  void expect(const std::string& document, const std::string& text) {
    for (auto& chunk : chunker::split_recursive(text, {.size = 200, .overlap = 0})) {
      ++missing_[{document, std::move(chunk)}];
      ++expected_;
    }
  }
  void count(const Chunk& chunk) {
    ++arrived_;
    --missing_[{chunk.metadata->id, chunk.chunk.str()}];
  }
  std::size_t expected() const { return expected_; }
  std::size_t arrived() const { return arrived_; }
  long lost() const { return sum(1); }
  long duplicated() const { return sum(-1); }

 private:
  long sum(int sign) const {
    long total = 0;
    for (const auto& [chunk, left] : missing_) total += std::max(0, sign * left);
    return total;
  }

  std::map<std::pair<std::string, std::string>, int> missing_;
  std::size_t expected_ = 0, arrived_ = 0;
};

std::string name_of(std::size_t chunker) {
  return "chunker-recursive" + (chunker == 0 ? "" : "#" + std::to_string(chunker));
}

class TransactionalChunkers : public testing::Test {
 protected:
  void start() {
    system_.start("config-svc");
    system_.start("flow-svc");
    system_.start("gateway");
    for (std::size_t i = 0; i < chunkers; ++i) start_chunker(i);
    system_.put_blueprint();
    system_.start_flow("f1");
    EXPECT_TRUE(eventually([&] {
      return system_.bus().statistics(topic("text-load:f1")).subscriptions["chunker--f1--input"].consumers ==
             chunkers;
    }));
  }
  void start_chunker(std::size_t number) {
    system_.start(name_of(number), {"--transactional", "-z", "200", "-v", "0", "-c", "2"});
  }
  void load(int number) {
    const auto id = "doc" + std::to_string(number);
    tally_.expect(id, text_of(number));
    documents_.send({.metadata = catalogue::Metadata{.id = id}, .text = text_of(number)});
  }
  /// Takes chunks until so many have come in all; false when they stay away.
  bool take_until(std::size_t arrived) {
    while (tally_.arrived() < arrived) {
      const auto message = chunks_.poll(30s);
      if (!message) return false;
      tally_.count(message->value());
      chunks_.acknowledge(*message);
    }
    return true;
  }

  System system_;
  omnibus::Consumer<Chunk> chunks_ = system_.bus().create_consumer<Chunk>(topic("chunk:f1"), "test");
  omnibus::Producer<TextDocument> documents_ =
      system_.bus().create_producer<TextDocument>(topic("text-load:f1"));
  Tally tally_;
};

TEST_F(TransactionalChunkers, KilledAtRandomLoseAndDoubleNothing) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937 random(seed);
  start();
  for (int round = 0; round < kills; ++round) {
    const auto before = tally_.expected();
    for (int i = 0; i < batch; ++i) load(round * batch + i);
    ASSERT_TRUE(take_until(before + random() % (tally_.expected() - before)));
    const auto victim = random() % chunkers;
    system_.kill(name_of(victim));
    start_chunker(victim);
    ASSERT_TRUE(take_until(tally_.expected()))
        << tally_.expected() - tally_.arrived() << " chunks stay away after kill " << round;
  }
  while (const auto message = chunks_.poll(1s)) tally_.count(message->value());
  std::cout << kills << " kills, " << tally_.expected() << " chunks, " << tally_.lost() << " lost, "
            << tally_.duplicated() << " duplicated\n";
  EXPECT_EQ(tally_.lost(), 0);
  EXPECT_EQ(tally_.duplicated(), 0);
  EXPECT_EQ(system_.bus().statistics(topic("text-load:f1")).subscriptions["chunker--f1--input"].backlog, 0u);
}

}  // namespace
}  // namespace omnibus::integration
