#pragma once

/// The service that turns questions into queries. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A question to turn into a GraphQL query.
struct QuestionToStructuredQueryRequest {
  std::string question = {};
  std::int64_t max_results = 0;

  friend bool operator==(const QuestionToStructuredQueryRequest&,
                         const QuestionToStructuredQueryRequest&) = default;
};

/// The query, its variables, and how sure the service is.
struct QuestionToStructuredQueryResponse {
  std::optional<Error> error = std::nullopt;
  std::string graphql_query = {};
  std::map<std::string, std::string> variables = {};
  std::vector<std::string> detected_schemas = {};
  double confidence = 0.0;

  friend bool operator==(const QuestionToStructuredQueryResponse&,
                         const QuestionToStructuredQueryResponse&) = default;
};

}  // namespace omnibus::catalogue
