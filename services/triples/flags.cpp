#include "services/triples/flags.hpp"

namespace omnibus::triples {

Flags store_flag(Flags flags) {
  return flags.text("triples-store", "file that keeps the triples", state_directory() + "/triples.sqlite",
                    "TRIPLES_STORE");
}

std::filesystem::path store_file(const Settings& settings) { return settings.text("triples-store"); }

}  // namespace omnibus::triples
