#include "services/graph_embeddings/service.hpp"

#include <set>

#include <omnibus/catalogue/embeddings.hpp>

#include "services/embeddings/tests/glue.hpp"

namespace omnibus::graph_embeddings {
namespace {

using catalogue::EntityContexts;
using catalogue::GraphEmbeddings;

class GraphEmbeddingsTest : public embeddings::GlueTest<EntityContexts, GraphEmbeddings> {
 protected:
  GraphEmbeddingsTest() : GlueTest(embed_entities) {}

  static EntityContexts entities(const std::vector<std::string>& contexts) {
    EntityContexts out{.metadata = catalogue::Metadata{.id = "d1"}};
    for (const auto& each : contexts) {
      out.entities.push_back(
          {.entity = catalogue::Value{.value = "e:" + each, .is_uri = true}, .context = each});
    }
    return out;
  }
};

TEST_F(GraphEmbeddingsTest, AddsTheVectorsToEachEntityInOrder) {
  std::vector<std::string> contexts;
  for (int i = 0; i < 40; ++i) contexts.push_back(std::to_string(i));
  const auto message = entities(contexts);
  inputs_.send(message);
  GraphEmbeddings expected{.metadata = message.metadata};
  for (int i = 0; i < 40; ++i) {
    expected.entities.push_back({.entity = message.entities[static_cast<std::size_t>(i)].entity,
                                 .vectors = {{static_cast<double>(i)}}});
  }
  for (int i = 0; i < 40; ++i) {
    const auto question = questions_.receive(std::chrono::seconds(10));
    replies_.send(vector(std::stod(question->text)),
                  {.properties = {{"id", *question.properties().find("id")}}});
    questions_.acknowledge(question);
  }
  EXPECT_EQ(sent(), expected);
  EXPECT_EQ(left(), 0u);
}

TEST_F(GraphEmbeddingsTest, AsksForAllAgainAfterAnError) {
  inputs_.send(entities({"a", "b"}));
  reply(failure());
  reply(vector(1));
  std::multiset<std::string> again{reply(vector(2)), reply(vector(2))};
  EXPECT_EQ(again, (std::multiset<std::string>{"a", "b"}));
  EXPECT_EQ(sent().entities.size(), 2u);
  EXPECT_EQ(left(), 0u);
}

TEST_F(GraphEmbeddingsTest, LeavesEntitiesWithoutContextOut) {
  inputs_.send(entities({"", "a"}));
  reply(vector(1));
  const auto out = sent();
  ASSERT_EQ(out.entities.size(), 1u);
  EXPECT_EQ(out.entities[0].entity->value, "e:a");
}

TEST_F(GraphEmbeddingsTest, PassesAMessageWithoutEntitiesOn) {
  inputs_.send(entities({}));
  EXPECT_EQ(sent(), (GraphEmbeddings{.metadata = catalogue::Metadata{.id = "d1"}}));
  EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace omnibus::graph_embeddings
