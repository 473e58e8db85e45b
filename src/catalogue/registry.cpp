#include <omnibus/catalogue/registry.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include <omnibus/catalogue/collection.hpp>
#include <omnibus/catalogue/config.hpp>
#include <omnibus/catalogue/flow.hpp>
#include <omnibus/catalogue/knowledge.hpp>
#include <omnibus/catalogue/library.hpp>
#include <omnibus/catalogue/query.hpp>
#include <omnibus/detail/nearest.hpp>

#include "catalogue/tables.hpp"

namespace omnibus::catalogue {

namespace {

/// All types, sorted by name, and their names alone.
struct Index {
  std::vector<Entry> entries;
  std::vector<std::string_view> names;

  Index() {
    for (const auto table : {knowledge_types(), query_types(), service_types()}) {
      entries.insert(entries.end(), table.begin(), table.end());
    }
    std::ranges::sort(entries, {}, &Entry::name);
    for (const Entry& entry : entries) names.push_back(entry.name);
  }
};

const Index& index() {
  static const Index made;
  return made;
}

constexpr std::array<Queue, 13> all_queues{{
    {"collection_request_queue", collection_request_queue},
    {"collection_response_queue", collection_response_queue},
    {"config_push_queue", config_push_queue},
    {"config_request_queue", config_request_queue},
    {"config_response_queue", config_response_queue},
    {"document_embeddings_request_queue", document_embeddings_request_queue},
    {"document_embeddings_response_queue", document_embeddings_response_queue},
    {"flow_request_queue", flow_request_queue},
    {"flow_response_queue", flow_response_queue},
    {"knowledge_request_queue", knowledge_request_queue},
    {"knowledge_response_queue", knowledge_response_queue},
    {"librarian_request_queue", librarian_request_queue},
    {"librarian_response_queue", librarian_response_queue},
}};

}  // namespace

const schema::Type* find(std::string_view name) {
  const auto& entries = index().entries;
  const auto found = std::ranges::lower_bound(entries, name, {}, &Entry::name);
  return found != entries.end() && found->name == name ? found->type() : nullptr;
}

std::span<const std::string_view> names() { return index().names; }

std::string suggest(std::string_view name) { return detail::nearest(name, names()); }

std::span<const Queue> queues() noexcept { return all_queues; }

}  // namespace omnibus::catalogue
