#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <omnibus/catalogue/knowledge.hpp>

#include "services/sqlite/answered.hpp"

namespace omnibus::knowledge {

/// Where a piece stands in its core: triples come first, then embeddings, each in the order they were put.
struct Place {
  enum class Kind : std::int8_t { triples, embeddings };
  Kind kind = Kind::triples;
  std::int64_t number = 0;  ///< never used again

  friend bool operator==(const Place&, const Place&) = default;
};

/// What one message put into a core.
struct Piece {
  Place place;
  std::variant<catalogue::Triples, catalogue::GraphEmbeddings> content;
};

/// A core on its way to a flow.
struct Load {
  std::int64_t id = 0;
  std::string user, core, flow, collection;
  std::string triples_queue, embeddings_queue;
  Place after = {};  ///< the last piece that the flow has
  std::int64_t last =
      0;  ///< the number of the newest piece when add() wrote it down: later ones are not loaded
};

/// Knowledge cores and their loads, in SQLite. A change is durable when its call returns; one whose request
/// (rpc::identity, empty: none) has changed the store before does nothing. Several processes may share the
/// file. Errors: as sqlite::Database. Threads: any.
class Store {
 public:
  explicit Store(const std::filesystem::path& file);

  /// Ids of the user's cores, sorted.
  std::vector<std::string> cores(std::string_view user) const;
  /// Puts what there is, into the core that its metadata name. Errors also: ConfigError when those are
  /// missing.
  void put(const catalogue::Triples* triples, const catalogue::GraphEmbeddings* embeddings,
           std::string_view request);
  /// The next pieces after a place and up to a number, some at once but not many bytes; none at the end.
  /// Their metadata have collection `default`.
  std::vector<Piece> read(std::string_view user, std::string_view core, Place after,
                          std::int64_t last = std::numeric_limits<std::int64_t>::max()) const;
  void remove(std::string_view user, std::string_view core, std::string_view request);

  /// `id` and `last` are chosen here.
  void add(const Load& load, std::string_view request);
  /// All that are not finished, oldest first.
  std::vector<Load> loads() const;
  void advance(std::int64_t load, Place after);
  void finish(std::int64_t load);

 private:
  std::vector<std::pair<Place, std::string>> bodies(std::string_view user, std::string_view core, Place after,
                                                    std::int64_t last) const;
  void insert(Place::Kind kind, const catalogue::Metadata& metadata, const std::string& body);

  mutable std::mutex mutex_;           ///< guards the two below
  mutable sqlite::Database database_;  ///< reading prepares statements
  sqlite::Answered answered_;
};

}  // namespace omnibus::knowledge
