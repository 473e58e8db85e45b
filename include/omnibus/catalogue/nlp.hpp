#pragma once

/// What the extractors find. docs/schemas.md tells which fields may be absent and why.

#include <string>

namespace omnibus::catalogue {

/// A term and what it means.
struct Definition {
  std::string name = {};
  std::string definition = {};

  friend bool operator==(const Definition&, const Definition&) = default;
};

/// A topic and what it is about.
struct Topic {
  std::string name = {};
  std::string definition = {};

  friend bool operator==(const Topic&, const Topic&) = default;
};

/// A relation between two entities, or an entity and a literal.
struct Relationship {
  std::string s = {};
  std::string p = {};
  std::string o = {};
  bool o_entity = false;

  friend bool operator==(const Relationship&, const Relationship&) = default;
};

/// A fact as three texts.
struct Fact {
  std::string s = {};
  std::string p = {};
  std::string o = {};

  friend bool operator==(const Fact&, const Fact&) = default;
};

}  // namespace omnibus::catalogue
