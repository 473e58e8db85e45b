#pragma once

#include <omnibus/catalogue/collection.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::CollectionMetadata> =
    keys_of(shown("user", &catalogue::CollectionMetadata::user),
            shown("collection", &catalogue::CollectionMetadata::collection),
            shown("name", &catalogue::CollectionMetadata::name),
            shown("description", &catalogue::CollectionMetadata::description),
            shown("tags", &catalogue::CollectionMetadata::tags));

template <>
inline constexpr auto keys<catalogue::CollectionManagementRequest> =
    keys_of(key("operation", &catalogue::CollectionManagementRequest::operation),
            key("user", &catalogue::CollectionManagementRequest::user),
            key("collection", &catalogue::CollectionManagementRequest::collection),
            key("timestamp", &catalogue::CollectionManagementRequest::timestamp),
            key("name", &catalogue::CollectionManagementRequest::name),
            key("description", &catalogue::CollectionManagementRequest::description),
            key("tags", &catalogue::CollectionManagementRequest::tags),
            key("tag_filter", &catalogue::CollectionManagementRequest::tag_filter),
            key("limit", &catalogue::CollectionManagementRequest::limit));

template <>
inline constexpr auto keys<catalogue::CollectionManagementResponse> =
    keys_of(shown("timestamp", &catalogue::CollectionManagementResponse::timestamp),
            shown("collections", &catalogue::CollectionManagementResponse::collections));

}  // namespace omnibus::gateway
