#pragma once

/// The query service over extracted objects. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// One error of a GraphQL query.
struct GraphQLError {
  std::string message = {};
  std::vector<std::string> path = {};
  std::map<std::string, std::string> extensions = {};

  friend bool operator==(const GraphQLError&, const GraphQLError&) = default;
};

/// A GraphQL query over extracted objects.
struct ObjectsQueryRequest {
  std::string user = {};
  std::string collection = {};
  std::string query = {};
  std::map<std::string, std::string> variables = {};
  std::optional<std::string> operation_name = std::nullopt;

  friend bool operator==(const ObjectsQueryRequest&, const ObjectsQueryRequest&) = default;
};

/// The result; `data` is JSON text.
struct ObjectsQueryResponse {
  std::optional<Error> error = std::nullopt;
  std::string data = {};
  std::vector<GraphQLError> errors = {};
  std::map<std::string, std::string> extensions = {};

  friend bool operator==(const ObjectsQueryResponse&, const ObjectsQueryResponse&) = default;
};

}  // namespace omnibus::catalogue
