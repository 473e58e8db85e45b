#pragma once

/// The query services over embeddings and triples. docs/schemas.md tells which fields may be absent and why.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

inline constexpr std::string_view document_embeddings_request_queue =
    "q0/trustgraph/flow/document-embeddings-request";
inline constexpr std::string_view document_embeddings_response_queue =
    "q0/trustgraph/flow/document-embeddings-response";

/// Asks for the entities nearest to some vectors.
struct GraphEmbeddingsRequest {
  std::vector<std::vector<double>> vectors = {};
  std::int64_t limit = 0;
  std::string user = {};
  std::string collection = {};

  friend bool operator==(const GraphEmbeddingsRequest&, const GraphEmbeddingsRequest&) = default;
};

/// The nearest entities.
struct GraphEmbeddingsResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::vector<Value>> entities = std::nullopt;

  friend bool operator==(const GraphEmbeddingsResponse&, const GraphEmbeddingsResponse&) = default;
};

/// Asks for the triples that match; empty parts match all.
struct TriplesQueryRequest {
  std::string user = {};
  std::string collection = {};
  std::optional<Value> s = std::nullopt;
  std::optional<Value> p = std::nullopt;
  std::optional<Value> o = std::nullopt;
  std::int64_t limit = 0;

  friend bool operator==(const TriplesQueryRequest&, const TriplesQueryRequest&) = default;
};

/// The triples that match.
struct TriplesQueryResponse {
  std::optional<Error> error = std::nullopt;
  std::vector<Triple> triples = {};

  friend bool operator==(const TriplesQueryResponse&, const TriplesQueryResponse&) = default;
};

/// Asks for the chunks nearest to some vectors.
struct DocumentEmbeddingsRequest {
  std::vector<std::vector<double>> vectors = {};
  std::int64_t limit = 0;
  std::string user = {};
  std::string collection = {};

  friend bool operator==(const DocumentEmbeddingsRequest&, const DocumentEmbeddingsRequest&) = default;
};

/// The nearest chunks.
struct DocumentEmbeddingsResponse {
  std::optional<Error> error = std::nullopt;
  std::vector<std::string> chunks = {};

  friend bool operator==(const DocumentEmbeddingsResponse&, const DocumentEmbeddingsResponse&) = default;
};

}  // namespace omnibus::catalogue
