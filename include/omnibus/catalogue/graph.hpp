#pragma once

/// Knowledge on its way to the graph store. docs/schemas.md tells which fields may be absent and why.

#include <optional>
#include <string>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

/// An entity and the text that tells of it.
struct EntityContext {
  std::optional<Value> entity = std::nullopt;
  std::string context = {};

  friend bool operator==(const EntityContext&, const EntityContext&) = default;
};

/// Entities found in one piece of text.
struct EntityContexts {
  std::optional<Metadata> metadata = std::nullopt;
  std::vector<EntityContext> entities = {};

  friend bool operator==(const EntityContexts&, const EntityContexts&) = default;
};

/// Facts for the graph store.
struct Triples {
  std::optional<Metadata> metadata = std::nullopt;
  std::vector<Triple> triples = {};

  friend bool operator==(const Triples&, const Triples&) = default;
};

}  // namespace omnibus::catalogue
