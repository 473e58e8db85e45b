#pragma once

#include <omnibus/catalogue/knowledge.hpp>

#include "services/gateway/translate/keys.hpp"
#include "services/gateway/translate/store.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::KnowledgeRequest> =
    keys_of(key("operation", &catalogue::KnowledgeRequest::operation),
            key("user", &catalogue::KnowledgeRequest::user), key("id", &catalogue::KnowledgeRequest::id),
            key("flow", &catalogue::KnowledgeRequest::flow),
            key("collection", &catalogue::KnowledgeRequest::collection),
            key("triples", &catalogue::KnowledgeRequest::triples),
            key("graph-embeddings", &catalogue::KnowledgeRequest::graph_embeddings));

template <>
inline constexpr auto keys<catalogue::KnowledgeResponse> =
    keys_of(shown("ids", &catalogue::KnowledgeResponse::ids, unless_null),
            shown("triples", &catalogue::KnowledgeResponse::triples, unless_null),
            shown("graph-embeddings", &catalogue::KnowledgeResponse::graph_embeddings, unless_null),
            shown("eos", &catalogue::KnowledgeResponse::eos, truthy));

/// Only the first that is there.
inline boost::json::object answer(const catalogue::KnowledgeResponse& response) {
  const auto all = write_keys(response);
  boost::json::object result;
  if (!all.empty()) result.insert(*all.begin());
  return result;
}

inline bool ends_core(const catalogue::KnowledgeResponse& response) {
  return response.ids || response.eos || (!response.triples && !response.graph_embeddings);
}
template <>
inline constexpr Last<catalogue::KnowledgeResponse> is_last<catalogue::KnowledgeResponse> = ends_core;

}  // namespace omnibus::gateway
