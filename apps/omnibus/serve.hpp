#pragma once

/// What the commands that run services share.

#include <string>
#include <string_view>

namespace omnibus::app {

/// Default ids, as the existing system has them: they are part of subscription names.
inline constexpr std::string_view gateway_id = "api-gateway";
inline constexpr std::string_view config_id = "config-svc";
inline constexpr std::string_view flow_id = "flow-svc";
inline constexpr std::string_view chunker_id = "chunker";
inline constexpr std::string_view document_embeddings_id = "document-embeddings";
inline constexpr std::string_view embeddings_id = "embeddings";
inline constexpr std::string_view graph_embeddings_id = "graph-embeddings";
inline constexpr std::string_view librarian_id = "librarian";
inline constexpr std::string_view knowledge_id = "knowledge";
inline constexpr std::string_view kg_store_id = "kg-store";
inline constexpr std::string_view prompt_id = "prompt";
inline constexpr std::string_view text_completion_id = "text-completion";
inline constexpr std::string_view triples_store_id = "triples-write";
inline constexpr std::string_view triples_query_id = "triples-query";
inline constexpr std::string_view metering_id = "metering";

/// The end of a service's --help: `examples`, one a line, then the exit status.
std::string service_epilogue(std::string_view examples);

}  // namespace omnibus::app
