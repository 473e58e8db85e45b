#pragma once

/// The knowledge core service. docs/schemas.md tells which fields may be absent and why.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/core.hpp>
#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/graph.hpp>

namespace omnibus::catalogue {

inline constexpr std::string_view knowledge_request_queue = "q0/tg/request/knowledge";
inline constexpr std::string_view knowledge_response_queue = "q0/tg/response/knowledge";

/// Operations on knowledge cores: list, get, put, delete, load and unload.
struct KnowledgeRequest {
  std::string operation = {};
  std::optional<std::string> user = std::nullopt;
  std::optional<std::string> id = std::nullopt;
  std::optional<std::string> flow = std::nullopt;
  std::optional<std::string> collection = std::nullopt;
  std::optional<Triples> triples = std::nullopt;
  std::optional<GraphEmbeddings> graph_embeddings = std::nullopt;

  friend bool operator==(const KnowledgeRequest&, const KnowledgeRequest&) = default;
};

/// One of possibly many answers; the last one has `ids`, `eos`, or nothing.
struct KnowledgeResponse {
  std::optional<Error> error = std::nullopt;
  std::optional<std::vector<std::string>> ids = std::nullopt;
  bool eos = false;
  std::optional<Triples> triples = std::nullopt;
  std::optional<GraphEmbeddings> graph_embeddings = std::nullopt;

  friend bool operator==(const KnowledgeResponse&, const KnowledgeResponse&) = default;
};

}  // namespace omnibus::catalogue
