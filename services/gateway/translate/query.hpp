#pragma once

#include <omnibus/catalogue/query.hpp>

#include "services/gateway/translate/core.hpp"
#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::GraphEmbeddingsRequest> =
    keys_of(key("vectors", &catalogue::GraphEmbeddingsRequest::vectors, required),
            key("limit", &catalogue::GraphEmbeddingsRequest::limit, rule::Number{10}),
            key("user", &catalogue::GraphEmbeddingsRequest::user, user_or_default),
            key("collection", &catalogue::GraphEmbeddingsRequest::collection, collection_or_default));

template <>
inline constexpr auto keys<catalogue::GraphEmbeddingsResponse> =
    keys_of(shown("entities", &catalogue::GraphEmbeddingsResponse::entities, unless_null));

template <>
inline constexpr auto keys<catalogue::TriplesQueryRequest> =
    keys_of(key("s", &catalogue::TriplesQueryRequest::s), key("p", &catalogue::TriplesQueryRequest::p),
            key("o", &catalogue::TriplesQueryRequest::o),
            key("limit", &catalogue::TriplesQueryRequest::limit, rule::Number{10000}),
            key("user", &catalogue::TriplesQueryRequest::user, user_or_default),
            key("collection", &catalogue::TriplesQueryRequest::collection, collection_or_default));

template <>
inline constexpr auto keys<catalogue::TriplesQueryResponse> =
    keys_of(shown("response", &catalogue::TriplesQueryResponse::triples));

}  // namespace omnibus::gateway
