#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include <omnibus/framework/config_receiver.hpp>

namespace omnibus::triples {

/// Whose triples, and which of theirs.
struct Collection {
  std::string user, name;

  friend bool operator==(const Collection&, const Collection&) = default;
  friend bool operator<(const Collection& left, const Collection& right) {
    return std::tie(left.user, left.name) < std::tie(right.user, right.name);
  }
};

/// Those of configuration type `collection`: the keys, `user:name`, split at the first colon. A key without
/// one is logged and passed over. Threads: a pure function.
std::set<Collection> collections_of(const framework::Configuration& configuration);

}  // namespace omnibus::triples
