#pragma once

#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/graph.hpp>
#include <omnibus/catalogue/object.hpp>

#include "services/gateway/translate/core.hpp"
#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

/// What travels to the stores: import and export sockets, knowledge cores.

template <>
inline constexpr auto keys<catalogue::Triples> =
    keys_of(key("metadata", &catalogue::Triples::metadata, required),
            key("triples", &catalogue::Triples::triples, required));

template <>
inline constexpr auto keys<catalogue::EntityEmbeddings> =
    keys_of(key("entity", &catalogue::EntityEmbeddings::entity, required, not_null),
            key("vectors", &catalogue::EntityEmbeddings::vectors, required));

template <>
inline constexpr auto keys<catalogue::GraphEmbeddings> =
    keys_of(key("metadata", &catalogue::GraphEmbeddings::metadata, required),
            key("entities", &catalogue::GraphEmbeddings::entities, required));

template <>
inline constexpr auto keys<catalogue::ChunkEmbeddings> =
    keys_of(key("chunk", &catalogue::ChunkEmbeddings::chunk, required),
            key("vectors", &catalogue::ChunkEmbeddings::vectors, required));

template <>
inline constexpr auto keys<catalogue::DocumentEmbeddings> =
    keys_of(key("metadata", &catalogue::DocumentEmbeddings::metadata, required),
            key("chunks", &catalogue::DocumentEmbeddings::chunks, required));

template <>
inline constexpr auto keys<catalogue::EntityContext> =
    keys_of(key("entity", &catalogue::EntityContext::entity, required, not_null),
            key("context", &catalogue::EntityContext::context, required));

template <>
inline constexpr auto keys<catalogue::EntityContexts> =
    keys_of(key("metadata", &catalogue::EntityContexts::metadata, required),
            key("entities", &catalogue::EntityContexts::entities, required));

/// Metadata whose `metadata` may be absent.
struct LooseMetadata {
  void read(const Fields& fields, std::string_view key, std::optional<catalogue::Metadata>& member) const {
    const auto* value = fields.find(key);
    if (value == nullptr) Fields::missing(key);
    const Fields inner(*value, fields.path_of(key));
    member.emplace();
    required.read(inner, "id", member->id);
    optional.read(inner, "metadata", member->metadata);
    required.read(inner, "user", member->user);
    required.read(inner, "collection", member->collection);
  }
};
inline constexpr LooseMetadata loose_metadata{};

template <>
inline constexpr auto keys<catalogue::ExtractedObject> =
    keys_of(key("metadata", &catalogue::ExtractedObject::metadata, loose_metadata),
            key("schema_name", &catalogue::ExtractedObject::schema_name, required),
            key("values", &catalogue::ExtractedObject::values, rule::OneOrMore{}),
            key("confidence", &catalogue::ExtractedObject::confidence, rule::Real{1.0}),
            key("source_span", &catalogue::ExtractedObject::source_span));

}  // namespace omnibus::gateway
