#pragma once

#include <omnibus/catalogue/diagnosis.hpp>
#include <omnibus/catalogue/nlp_query.hpp>
#include <omnibus/catalogue/objects_query.hpp>
#include <omnibus/catalogue/structured_query.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::GraphQLError> =
    keys_of(shown("message", &catalogue::GraphQLError::message),
            shown("path", &catalogue::GraphQLError::path, truthy),
            shown("extensions", &catalogue::GraphQLError::extensions, truthy));

template <>
inline constexpr auto keys<catalogue::ObjectsQueryRequest> =
    keys_of(key("query", &catalogue::ObjectsQueryRequest::query),
            key("variables", &catalogue::ObjectsQueryRequest::variables, texts),
            key("operation_name", &catalogue::ObjectsQueryRequest::operation_name),
            key("user", &catalogue::ObjectsQueryRequest::user, user_or_default),
            key("collection", &catalogue::ObjectsQueryRequest::collection, collection_or_default));

template <>
inline constexpr auto keys<catalogue::ObjectsQueryResponse> =
    keys_of(shown("data", &catalogue::ObjectsQueryResponse::data, rule::DecodedOrText{}),
            shown("errors", &catalogue::ObjectsQueryResponse::errors, truthy),
            shown("extensions", &catalogue::ObjectsQueryResponse::extensions, truthy));

template <>
inline constexpr auto keys<catalogue::QuestionToStructuredQueryRequest> =
    keys_of(key("question", &catalogue::QuestionToStructuredQueryRequest::question),
            key("max_results", &catalogue::QuestionToStructuredQueryRequest::max_results, rule::Number{100}));

template <>
inline constexpr auto keys<catalogue::QuestionToStructuredQueryResponse> =
    keys_of(shown("graphql_query", &catalogue::QuestionToStructuredQueryResponse::graphql_query),
            shown("variables", &catalogue::QuestionToStructuredQueryResponse::variables),
            shown("detected_schemas", &catalogue::QuestionToStructuredQueryResponse::detected_schemas),
            shown("confidence", &catalogue::QuestionToStructuredQueryResponse::confidence));

template <>
inline constexpr auto keys<catalogue::StructuredQueryRequest> =
    keys_of(key("question", &catalogue::StructuredQueryRequest::question),
            key("user", &catalogue::StructuredQueryRequest::user, user_or_default),
            key("collection", &catalogue::StructuredQueryRequest::collection, collection_or_default));

template <>
inline constexpr auto keys<catalogue::StructuredQueryResponse> =
    keys_of(shown("data", &catalogue::StructuredQueryResponse::data, rule::DecodedOrText{}),
            shown("errors", &catalogue::StructuredQueryResponse::errors));

template <>
inline constexpr auto keys<catalogue::StructuredDataDiagnosisRequest> =
    keys_of(key("operation", &catalogue::StructuredDataDiagnosisRequest::operation, required),
            key("sample", &catalogue::StructuredDataDiagnosisRequest::sample, required),
            key("type", &catalogue::StructuredDataDiagnosisRequest::type),
            key("schema-name", &catalogue::StructuredDataDiagnosisRequest::schema_name),
            key("options", &catalogue::StructuredDataDiagnosisRequest::options, texts));

template <>
inline constexpr auto keys<catalogue::StructuredDataDiagnosisResponse> =
    keys_of(shown("operation", &catalogue::StructuredDataDiagnosisResponse::operation),
            shown("detected-type", &catalogue::StructuredDataDiagnosisResponse::detected_type, truthy),
            shown("confidence", &catalogue::StructuredDataDiagnosisResponse::confidence),
            shown("descriptor", &catalogue::StructuredDataDiagnosisResponse::descriptor, rule::Decoded{}),
            shown("metadata", &catalogue::StructuredDataDiagnosisResponse::metadata, truthy),
            shown("schema-matches", &catalogue::StructuredDataDiagnosisResponse::schema_matches, truthy));

/// A selection of schemas shows also that none matches.
inline boost::json::object answer(const catalogue::StructuredDataDiagnosisResponse& response) {
  auto result = write_keys(response);
  if (response.operation == "schema-selection") result.emplace("schema-matches", boost::json::array());
  return result;
}

}  // namespace omnibus::gateway
