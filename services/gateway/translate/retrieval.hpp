#pragma once

#include <omnibus/catalogue/retrieval.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::GraphRagQuery> =
    keys_of(key("query", &catalogue::GraphRagQuery::query, required),
            key("user", &catalogue::GraphRagQuery::user, user_or_default),
            key("collection", &catalogue::GraphRagQuery::collection, collection_or_default),
            key("entity-limit", &catalogue::GraphRagQuery::entity_limit, rule::Number{50}),
            key("triple-limit", &catalogue::GraphRagQuery::triple_limit, rule::Number{30}),
            key("max-subgraph-size", &catalogue::GraphRagQuery::max_subgraph_size, rule::Number{1000}),
            key("max-path-length", &catalogue::GraphRagQuery::max_path_length, rule::Number{2}),
            key("streaming", &catalogue::GraphRagQuery::streaming));

template <>
inline constexpr auto keys<catalogue::GraphRagResponse> =
    keys_of(shown("response", &catalogue::GraphRagResponse::response, unless_null),
            shown("end_of_stream", &catalogue::GraphRagResponse::end_of_stream));

template <>
inline constexpr Last<catalogue::GraphRagResponse> is_last<catalogue::GraphRagResponse> =
    ends_stream<catalogue::GraphRagResponse>;

template <>
inline constexpr auto keys<catalogue::DocumentRagQuery> =
    keys_of(key("query", &catalogue::DocumentRagQuery::query, required),
            key("user", &catalogue::DocumentRagQuery::user, user_or_default),
            key("collection", &catalogue::DocumentRagQuery::collection, collection_or_default),
            key("doc-limit", &catalogue::DocumentRagQuery::doc_limit, rule::Number{20}),
            key("streaming", &catalogue::DocumentRagQuery::streaming));

template <>
inline constexpr auto keys<catalogue::DocumentRagResponse> =
    keys_of(shown("response", &catalogue::DocumentRagResponse::response, unless_null),
            shown("end_of_stream", &catalogue::DocumentRagResponse::end_of_stream));

template <>
inline constexpr Last<catalogue::DocumentRagResponse> is_last<catalogue::DocumentRagResponse> =
    ends_stream<catalogue::DocumentRagResponse>;

}  // namespace omnibus::gateway
