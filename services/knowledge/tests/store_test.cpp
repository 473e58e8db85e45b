#include "services/knowledge/store.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include "core/tests/thrown.hpp"
#include "services/knowledge/tests/pieces.hpp"
#include "services/sqlite/tests/folder.hpp"

namespace omnibus::knowledge {
namespace {

using catalogue::GraphEmbeddings;
using catalogue::Triples;

class KnowledgeStore : public testing::Test {
 protected:
  void put(const Triples& triples, std::string_view request = "") { store_->put(&triples, nullptr, request); }
  void put(const GraphEmbeddings& embeddings) { store_->put(nullptr, &embeddings, ""); }
  std::vector<std::string> texts(const std::string& core, Place after = {}) {
    std::vector<std::string> out;
    for (auto pieces = store_->read("u", core, after); !pieces.empty();
         pieces = store_->read("u", core, after)) {
      for (const auto& piece : pieces) {
        out.push_back(std::visit([](const auto& content) { return text_of(content); }, piece.content));
      }
      after = pieces.back().place;
    }
    return out;
  }
  void reopen() {
    store_.reset();
    store_.emplace(file_);
  }

  const Load load_{.user = "u",
                   .core = "c",
                   .flow = "f",
                   .collection = "n",
                   .triples_queue = "q1/t/n/t",
                   .embeddings_queue = "q1/t/n/e"};
  sqlite::TestFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "knowledge.sqlite";
  std::optional<Store> store_{std::in_place, file_};
};

TEST_F(KnowledgeStore, KeepsPiecesAsTheyWere) {
  const auto triples = triples_of("c", "t");
  const auto embeddings = embeddings_of("c", "e");
  store_->put(&triples, &embeddings, "");
  reopen();
  const auto pieces = store_->read("u", "c", {});
  ASSERT_EQ(pieces.size(), 2u);
  auto expected = triples;
  expected.metadata->collection = "default";
  EXPECT_EQ(std::get<Triples>(pieces[0].content), expected);
  auto expected_embeddings = embeddings;
  expected_embeddings.metadata->collection = "default";
  EXPECT_EQ(std::get<GraphEmbeddings>(pieces[1].content), expected_embeddings);
}

TEST_F(KnowledgeStore, ReadsTriplesThenEmbeddingsInPieces) {
  std::vector<std::string> expected;
  for (int i = 0; i < 150; ++i) {
    put(embeddings_of("c", "e" + std::to_string(i)));
    put(triples_of("c", "t" + std::to_string(i)));
    put(triples_of("other", "x"));
    expected.push_back("t" + std::to_string(i));
  }
  for (int i = 0; i < 150; ++i) expected.push_back("e" + std::to_string(i));
  EXPECT_EQ(texts("c"), expected);
  const auto place = store_->read("u", "c", {}).at(9).place;
  expected.erase(expected.begin(), expected.begin() + 10);
  EXPECT_EQ(texts("c", place), expected);
  EXPECT_TRUE(store_->read("v", "c", {}).empty());
}

TEST_F(KnowledgeStore, ReadsFewLargePiecesAtOnce) {
  for (int i = 0; i < 3; ++i) put(triples_of("c", std::string(3'000'000, 'x')));
  EXPECT_EQ(store_->read("u", "c", {}).size(), 2u);
  EXPECT_EQ(texts("c").size(), 3u);
}

TEST_F(KnowledgeStore, ListsAndRemovesCores) {
  put(triples_of("b", "1"));
  put(embeddings_of("a", "2"));
  EXPECT_EQ(store_->cores("u"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(store_->cores("v").empty());
  store_->remove("u", "b", "");
  store_->remove("u", "nonesuch", "");
  EXPECT_EQ(store_->cores("u"), std::vector<std::string>{"a"});
}

TEST_F(KnowledgeStore, CarriesARequestOutOnce) {
  put(triples_of("c", "1"), "r1");
  put(triples_of("c", "1"), "r1");
  put(triples_of("c", "2"), "r2");
  EXPECT_EQ(texts("c"), (std::vector<std::string>{"1", "2"}));
  for (int i = 0; i < 2; ++i) store_->add(load_, "r3");
  EXPECT_EQ(store_->loads().size(), 1u);
  store_->remove("u", "c", "r2");
  EXPECT_EQ(texts("c").size(), 2u);
}

TEST_F(KnowledgeStore, RefusesPiecesThatNameNoCore) {
  auto nameless = triples_of("c", "1");
  nameless.metadata.reset();
  const auto embeddings = embeddings_of("c", "e");
  EXPECT_CODE(store_->put(&nameless, &embeddings, "r1"), ErrorCode::config);
  put(triples_of("c", "2"), "r1");
  EXPECT_EQ(texts("c"), std::vector<std::string>{"2"});
}

TEST_F(KnowledgeStore, KeepsVectorsThatAreNoNumbers) {
  auto embeddings = embeddings_of("c", "e");
  embeddings.entities[0].vectors = {
      {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}};
  put(embeddings);
  const auto piece = store_->read("u", "c", {}).at(0);
  const auto& vector = std::get<GraphEmbeddings>(piece.content).entities.at(0).vectors.at(0);
  EXPECT_TRUE(std::isnan(vector.at(0)));
  EXPECT_TRUE(std::isinf(vector.at(1)));
}

TEST_F(KnowledgeStore, RemembersLoads) {
  store_->add(load_, "");
  store_->add(load_, "");
  store_->advance(1, {Place::Kind::embeddings, 7});
  reopen();
  const auto loads = store_->loads();
  ASSERT_EQ(loads.size(), 2u);
  EXPECT_EQ(loads[0].after, (Place{Place::Kind::embeddings, 7}));
  EXPECT_EQ(loads[1].after, Place{});
  EXPECT_EQ(loads[1].embeddings_queue, load_.embeddings_queue);
  store_->finish(1);
  EXPECT_EQ(store_->loads().at(0).id, 2);
}

}  // namespace
}  // namespace omnibus::knowledge
