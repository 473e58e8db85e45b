#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <omnibus/catalogue/query.hpp>

#include "services/triples/format.hpp"

namespace omnibus::triples {

inline constexpr std::int64_t default_limit = 10000;

/// The statement for a request that knows these parts. Columns: is_uri and text of s, p and o. Parameters:
/// the collection, the known parts in this order, the limit.
std::string query_sql(bool s, bool p, bool o);

/// The reading side of the file. Threads: one caller at a time; several readers and writers may share the
/// file.
class Reader {
 public:
  /// Opens or creates the file. Errors: as sqlite::Database.
  explicit Reader(const std::filesystem::path& file);

  /// The triples that match, as they are at one moment: none of an unknown collection. A URI and a literal of
  /// the same text differ. Limit 0: default_limit. Errors: ConfigError for a limit below 0; Error{too_large}
  /// when they have more than `most` bytes of text; as sqlite::Database.
  std::vector<catalogue::Triple> find(const catalogue::TriplesQueryRequest& request, std::size_t most);

 private:
  sqlite::Database database_;
  sqlite::Statement find_collection_, find_term_;
};

}  // namespace omnibus::triples
