#include "catalogue/tables.hpp"

#include <omnibus/catalogue/diagnosis.hpp>
#include <omnibus/catalogue/lookup.hpp>
#include <omnibus/catalogue/nlp_query.hpp>
#include <omnibus/catalogue/objects_query.hpp>
#include <omnibus/catalogue/query.hpp>
#include <omnibus/catalogue/retrieval.hpp>
#include <omnibus/catalogue/structured_query.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::catalogue {

std::span<const Entry> query_types() noexcept {
  static constexpr Entry table[] = {
      entry<StructuredDataDiagnosisRequest>(),
      entry<StructuredDataDiagnosisResponse>(),
      entry<LookupRequest>(),
      entry<LookupResponse>(),
      entry<QuestionToStructuredQueryRequest>(),
      entry<QuestionToStructuredQueryResponse>(),
      entry<GraphQLError>(),
      entry<ObjectsQueryRequest>(),
      entry<ObjectsQueryResponse>(),
      entry<GraphEmbeddingsRequest>(),
      entry<GraphEmbeddingsResponse>(),
      entry<TriplesQueryRequest>(),
      entry<TriplesQueryResponse>(),
      entry<DocumentEmbeddingsRequest>(),
      entry<DocumentEmbeddingsResponse>(),
      entry<GraphRagQuery>(),
      entry<GraphRagResponse>(),
      entry<DocumentRagQuery>(),
      entry<DocumentRagResponse>(),
      entry<StructuredQueryRequest>(),
      entry<StructuredQueryResponse>(),
  };
  return table;
}

}  // namespace omnibus::catalogue
