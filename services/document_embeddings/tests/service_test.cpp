#include "services/document_embeddings/service.hpp"

#include <omnibus/catalogue/embeddings.hpp>

#include "services/embeddings/tests/glue.hpp"

namespace omnibus::document_embeddings {
namespace {

using catalogue::Chunk;
using catalogue::DocumentEmbeddings;

class DocumentEmbeddingsTest : public embeddings::GlueTest<Chunk, DocumentEmbeddings> {
 protected:
  DocumentEmbeddingsTest() : GlueTest(embed_chunk) {}
};

TEST_F(DocumentEmbeddingsTest, AddsTheVectorsToTheChunk) {
  const Chunk chunk{.metadata = catalogue::Metadata{.id = "d1", .user = "u"}, .chunk = "words"};
  inputs_.send(chunk);
  EXPECT_EQ(reply(vector(0.5)), "words");
  DocumentEmbeddings expected{.metadata = chunk.metadata};
  expected.chunks.push_back({.chunk = "words", .vectors = {{0.5}}});
  EXPECT_EQ(sent(), expected);
  EXPECT_EQ(left(), 0u);
}

TEST_F(DocumentEmbeddingsTest, AsksAgainAfterAnError) {
  inputs_.send({.chunk = "words"});
  reply(failure());
  EXPECT_EQ(reply(vector(2)), "words");
  EXPECT_EQ(sent().chunks.at(0).vectors, (embeddings::Vectors{{2}}));
  EXPECT_EQ(left(), 0u);
}

TEST_F(DocumentEmbeddingsTest, KeepsAChunkWhoseAnswerAStopCutsOff) {
  inputs_.send({.chunk = "words"});
  (void)questions_.receive(std::chrono::seconds(10));
  flow_->stop(std::chrono::milliseconds(100));
  EXPECT_EQ(left(), 1u);
}

TEST_F(DocumentEmbeddingsTest, LeavesAnEmptyChunkOut) {
  inputs_.send({.chunk = ""});
  inputs_.send({.chunk = "words"});
  EXPECT_EQ(reply(vector(1)), "words");
  EXPECT_EQ(sent().chunks.at(0).chunk.str(), "words");
  EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace omnibus::document_embeddings
