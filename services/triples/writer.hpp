#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include <omnibus/catalogue/graph.hpp>

#include "services/triples/collections.hpp"
#include "services/triples/format.hpp"

namespace omnibus::triples {

/// What became of one message.
struct Written {
  bool unknown_collection = false;  ///< nothing of it was stored
  std::size_t fresh = 0;            ///< triples that were not there before
  std::size_t known = 0;            ///< triples that were
};

/// Errors: ConfigError when a message says not whose it is, or a triple lacks a part.
void check(const catalogue::Triples& message);

/// The writing side of the file. Several writers, of one process or many, may share it when they follow the
/// same configuration. Threads: any.
class Writer {
 public:
  /// Opens or creates the file. Errors: as sqlite::Database.
  explicit Writer(const std::filesystem::path& file,
                  std::chrono::milliseconds wait = sqlite::Database::patience);

  /// Stores what is not there yet, in one transaction, durable on return; one result per message, in order.
  /// Takes only what check() accepts. Errors: as sqlite::Database; then nothing was stored.
  std::vector<Written> add(std::span<const catalogue::Triples* const> messages);

  /// Makes the collections of the store those of the configuration at `version`. The triples of one that is
  /// gone are out of sight on return; sweep() removes them. Nothing goes when the store has followed a newer
  /// version: false then.
  bool follow(std::int64_t version, const std::set<Collection>& wanted);

  /// Removes up to `rows` rows of collections that are gone. False when there are none left.
  bool sweep(std::size_t rows);

 private:
  using Terms = std::map<std::pair<bool, std::string_view>, std::int64_t>;
  std::int64_t term(std::int64_t collection, const catalogue::Value& value, Terms& seen);
  Written add_one(const catalogue::Triples& message, std::map<std::int64_t, Terms>& seen);

  std::mutex mutex_;  // guards what follows
  sqlite::Database database_;
  sqlite::Statement find_collection_, find_term_, add_term_, add_triple_;
  std::map<std::int64_t, std::int64_t> swept_;  // triples removed so far, by collection
};

}  // namespace omnibus::triples
