#pragma once

#include <string>

#include <omnibus/catalogue/knowledge.hpp>

namespace omnibus::knowledge {

/// One triple that says `text`.
inline catalogue::Triples triples_of(const std::string& core, const std::string& text) {
  return {
      .metadata = catalogue::Metadata{.id = core,
                                      .metadata = {{.s = catalogue::Value{"about", true}}},
                                      .user = "u",
                                      .collection = "mine"},
      .triples = {
          {.s = catalogue::Value{text, true}, .p = catalogue::Value{"p", true}, .o = catalogue::Value{"o"}}}};
}

/// One entity called `text`.
inline catalogue::GraphEmbeddings embeddings_of(const std::string& core, const std::string& text) {
  return {.metadata = triples_of(core, text).metadata,
          .entities = {{.entity = catalogue::Value{text, true}, .vectors = {{0.5, -1e-7}, {}}}}};
}

inline std::string text_of(const catalogue::Triples& triples) { return triples.triples.at(0).s->value; }
inline std::string text_of(const catalogue::GraphEmbeddings& embeddings) {
  return embeddings.entities.at(0).entity->value;
}

}  // namespace omnibus::knowledge
