#pragma once

#include <string_view>

#include <omnibus/time.hpp>

#include "services/sqlite/database.hpp"

namespace omnibus::sqlite {

/// Which requests a store has carried out. Set in the transaction of the change, the mark tells a request
/// that comes again after a crash. Marks are kept for a week. Lives no longer than its Database. Errors and
/// threads: as Database.
class Answered {
 public:
  /// Makes its table where it is missing.
  explicit Answered(Database& database);

  /// False for an empty key.
  bool contains(std::string_view request) const;
  /// Forgets those of a week before `now`, too. An empty key is not marked.
  void mark(std::string_view request,
            SystemTime now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));

 private:
  Database& database_;
};

}  // namespace omnibus::sqlite
