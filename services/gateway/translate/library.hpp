#pragma once

#include <omnibus/catalogue/library.hpp>

#include "services/gateway/translate/core.hpp"
#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::DocumentMetadata> =
    keys_of(key("id", &catalogue::DocumentMetadata::id, optional, truthy),
            key("time", &catalogue::DocumentMetadata::time, optional, truthy),
            key("kind", &catalogue::DocumentMetadata::kind, optional, truthy),
            key("title", &catalogue::DocumentMetadata::title, optional, truthy),
            key("comments", &catalogue::DocumentMetadata::comments, optional, truthy),
            key("metadata", &catalogue::DocumentMetadata::metadata),
            key("user", &catalogue::DocumentMetadata::user, optional, truthy),
            key("tags", &catalogue::DocumentMetadata::tags, optional, unless_null));

template <>
inline constexpr auto keys<catalogue::ProcessingMetadata> =
    keys_of(key("id", &catalogue::ProcessingMetadata::id, optional, truthy),
            key("document-id", &catalogue::ProcessingMetadata::document_id, optional, truthy),
            key("time", &catalogue::ProcessingMetadata::time, optional, truthy),
            key("flow", &catalogue::ProcessingMetadata::flow, optional, truthy),
            key("user", &catalogue::ProcessingMetadata::user, optional, truthy),
            key("collection", &catalogue::ProcessingMetadata::collection, optional, truthy),
            key("tags", &catalogue::ProcessingMetadata::tags, optional, unless_null));

template <>
inline constexpr auto keys<catalogue::Criteria> = keys_of(key("key", &catalogue::Criteria::key, required),
                                                          key("value", &catalogue::Criteria::value, required),
                                                          key("operator", &catalogue::Criteria::operator_,
                                                              required));

template <>
inline constexpr auto keys<catalogue::LibrarianRequest> =
    keys_of(key("operation", &catalogue::LibrarianRequest::operation),
            key("document-id", &catalogue::LibrarianRequest::document_id),
            key("processing-id", &catalogue::LibrarianRequest::processing_id),
            key("document-metadata", &catalogue::LibrarianRequest::document_metadata),
            key("processing-metadata", &catalogue::LibrarianRequest::processing_metadata),
            key("content", &catalogue::LibrarianRequest::content, base64),
            key("user", &catalogue::LibrarianRequest::user),
            key("collection", &catalogue::LibrarianRequest::collection),
            key("criteria", &catalogue::LibrarianRequest::criteria, rule::ListOrEmpty{}));

template <>
inline constexpr auto keys<catalogue::LibrarianResponse> =
    keys_of(shown("document-metadata", &catalogue::LibrarianResponse::document_metadata, unless_null),
            shown("content", &catalogue::LibrarianResponse::content, truthy),
            shown("document-metadatas", &catalogue::LibrarianResponse::document_metadatas, unless_null),
            shown("processing-metadatas", &catalogue::LibrarianResponse::processing_metadatas, unless_null));

}  // namespace omnibus::gateway
