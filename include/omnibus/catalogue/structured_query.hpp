#pragma once

/// The structured query service. docs/schemas.md tells which fields may be absent and why.

#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A question over structured data.
struct StructuredQueryRequest {
  std::string question = {};
  std::string user = {};
  std::string collection = {};

  friend bool operator==(const StructuredQueryRequest&, const StructuredQueryRequest&) = default;
};

/// The result; `data` is JSON text.
struct StructuredQueryResponse {
  std::optional<Error> error = std::nullopt;
  std::string data = {};
  std::vector<std::string> errors = {};

  friend bool operator==(const StructuredQueryResponse&, const StructuredQueryResponse&) = default;
};

}  // namespace omnibus::catalogue
