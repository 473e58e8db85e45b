#pragma once

/// The retrieval services. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <optional>
#include <string>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// A question answered from the graph.
struct GraphRagQuery {
  std::string query = {};
  std::string user = {};
  std::string collection = {};
  std::int64_t entity_limit = 0;
  std::int64_t triple_limit = 0;
  std::int64_t max_subgraph_size = 0;
  std::int64_t max_path_length = 0;
  bool streaming = false;

  friend bool operator==(const GraphRagQuery&, const GraphRagQuery&) = default;
};

/// The answer, or a piece of it when streaming.
struct GraphRagResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::string> response = std::nullopt;
  bool end_of_stream = false;

  friend bool operator==(const GraphRagResponse&, const GraphRagResponse&) = default;
};

/// A question answered from documents.
struct DocumentRagQuery {
  std::string query = {};
  std::string user = {};
  std::string collection = {};
  std::int64_t doc_limit = 0;
  bool streaming = false;

  friend bool operator==(const DocumentRagQuery&, const DocumentRagQuery&) = default;
};

/// The answer, or a piece of it when streaming.
struct DocumentRagResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::string> response = std::nullopt;
  bool end_of_stream = false;

  friend bool operator==(const DocumentRagResponse&, const DocumentRagResponse&) = default;
};

}  // namespace omnibus::catalogue
