#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/time.hpp>

#include "services/config/store.hpp"
#include "services/sqlite/database.hpp"

namespace omnibus::flow {

/// A subscription that a processor may hold for a flow.
struct Subscription {
  std::string flow;   ///< the variant in `active-flow`
  std::string queue;  ///< as QueueName prints it
  std::string name;   ///< `<processor>--<flow>--<name in the definition>`

  friend auto operator<=>(const Subscription&, const Subscription&) = default;
};

/// What the active flows of a configuration use.
struct InUse {
  std::vector<Subscription> subscriptions;
  /// Beginnings of names of subscriptions of which nothing can be told, because their entry is malformed.
  std::vector<std::string> unclear = {};

  friend bool operator==(const InUse&, const InUse&) = default;
};

/// Every subscription that the active flows of a configuration can have made: one for each name whose text is
/// a durable queue, whether the processor reads it or writes it. An entry that is malformed is skipped, with
/// a warning. Empty optional: the configuration has no active flows at all, which stops nothing.
std::optional<InUse> subscriptions_of(const config::Values& values);

/// Remembers, over restarts, since when the subscriptions of stopped flows are unused.
/// Threads: any.
class Ledger {
 public:
  /// Opens or creates the file. Errors: as sqlite::Database.
  explicit Ledger(const std::filesystem::path& file);

  /// Notes what is in use now; what was and no longer is counts as unused since `now`. What is unclear counts
  /// as in use if it is known, so that nothing is removed for a slip of the pen.
  void observe(const InUse& in_use, SystemTime now);
  /// Unused since `limit` or longer.
  std::vector<Subscription> unused_since(SystemTime limit) const;
  /// When the one unused for the longest became so; empty when all are in use.
  std::optional<SystemTime> oldest() const;
  void forget(const Subscription& subscription);

 private:
  mutable std::mutex mutex_;           ///< guards database_
  mutable sqlite::Database database_;  ///< reading prepares statements
};

}  // namespace omnibus::flow
