#include "catalogue/tables.hpp"

#include <omnibus/catalogue/core.hpp>
#include <omnibus/catalogue/document.hpp>
#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/graph.hpp>
#include <omnibus/catalogue/knowledge.hpp>
#include <omnibus/catalogue/nlp.hpp>
#include <omnibus/catalogue/object.hpp>
#include <omnibus/catalogue/rows.hpp>
#include <omnibus/catalogue/structured.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::catalogue {

std::span<const Entry> knowledge_types() noexcept {
  static constexpr Entry table[] = {
      entry<Value>(),
      entry<Triple>(),
      entry<Metadata>(),
      entry<Error>(),
      entry<Field>(),
      entry<RowSchema>(),
      entry<Document>(),
      entry<TextDocument>(),
      entry<Chunk>(),
      entry<EntityEmbeddings>(),
      entry<GraphEmbeddings>(),
      entry<ChunkEmbeddings>(),
      entry<DocumentEmbeddings>(),
      entry<ObjectEmbeddings>(),
      entry<StructuredObjectEmbedding>(),
      entry<EntityContext>(),
      entry<EntityContexts>(),
      entry<Triples>(),
      entry<KnowledgeRequest>(),
      entry<KnowledgeResponse>(),
      entry<Definition>(),
      entry<Topic>(),
      entry<Relationship>(),
      entry<Fact>(),
      entry<ExtractedObject>(),
      entry<Rows>(),
      entry<StructuredDataSubmission>(),
  };
  return table;
}

}  // namespace omnibus::catalogue
