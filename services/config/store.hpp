#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/sqlite/database.hpp"

namespace omnibus::config {

/// Type → key → text.
using Values = std::map<std::string, std::map<std::string, std::string>>;

/// The whole configuration at one version.
struct Snapshot {
  std::int64_t version = 0;
  Values values;
};

struct Item {
  std::string type, key, value;
};
struct Key {
  std::string type, key;
};

/// What one request changes. Deletes happen before puts.
struct Change {
  std::vector<Item> put;
  std::vector<Key> remove;

  bool empty() const noexcept { return put.empty() && remove.empty(); }
};

/// The configuration on disk: a table (type, key) → text and a version that rises by one with each change and
/// survives restarts. Threads: any.
class Store {
 public:
  /// Opens or creates the file. Errors: as sqlite::Database.
  explicit Store(const std::filesystem::path& file);

  std::int64_t version() const;
  Snapshot snapshot() const;
  std::optional<std::string> get(std::string_view type, std::string_view key) const;
  /// In the order of their keys; empty for an unknown type.
  std::vector<std::pair<std::string, std::string>> values(std::string_view type) const;

  /// Applies the change and raises the version, together or not at all; returns what is stored then.
  /// `accept`, when given, sees the result before it is committed and may throw to refuse it.
  /// Errors: Error{conflict} when `if_version` is not the current version; as sqlite::Database.
  Snapshot apply(const Change& change, std::optional<std::int64_t> if_version = std::nullopt,
                 const std::function<void(const Snapshot&)>& accept = {});

 private:
  std::int64_t read_version() const;
  Snapshot read() const;

  mutable std::mutex mutex_;           ///< guards database_
  mutable sqlite::Database database_;  ///< reading prepares statements
};

}  // namespace omnibus::config
