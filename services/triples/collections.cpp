#include "services/triples/collections.hpp"

#include <omnibus/log.hpp>

namespace omnibus::triples {

std::set<Collection> collections_of(const framework::Configuration& configuration) {
  std::set<Collection> out;
  const auto type = configuration.find("collection");
  if (type == configuration.end()) return out;
  for (const auto& [key, value] : type->second) {
    const auto colon = key.find(':');
    if (colon == std::string::npos) {
      log::write(log::Level::warning,
                 "config item collection/" + key + " is passed over: its key is not 'user:collection'");
      continue;
    }
    out.insert({key.substr(0, colon), key.substr(colon + 1)});
  }
  return out;
}

}  // namespace omnibus::triples
