#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>

#include <omnibus/framework/config_receiver.hpp>

namespace omnibus::triples {

/// Whose triples, and which of theirs.
struct Collection {
  std::string user, name;

  friend auto operator<=>(const Collection&, const Collection&) = default;
};

/// Those of configuration type `collection`: the keys, `user:name`, split at the first colon. A key without
/// one is logged and passed over. Threads: a pure function.
std::set<Collection> collections_of(const framework::Configuration& configuration);

}  // namespace omnibus::triples
