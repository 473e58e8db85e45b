#pragma once

/// What a store has promised about the messages of one queue, and whether it kept that over a cut.

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include <omnibus/time.hpp>

namespace omnibus::embedded::test {

using Id = std::uint64_t;
using Ids = std::set<Id>;

/// The body of a message follows from its id, so that whatever comes back can be told from what was sent.
inline std::string body_of(Id id) {
  std::mt19937_64 random(id);
  const auto kind = random() % 20;
  const auto size = kind < 13 ? random() % 900 : kind < 19 ? random() % 12'000 : 66'000 + random() % 50'000;
  std::string body = std::to_string(id) + ' ';
  while (body.size() < size) body += static_cast<char>(random());
  return body;
}

struct Promise {
  bool confirmed = false;
  bool settling = false;  ///< an acknowledgement was asked for, alone or in a transaction
  bool settled = false;   ///< and confirmed
  TimePoint confirmed_at = TimePoint::min();
  TimePoint settled_at = TimePoint::min();
};
using Promises = std::map<Id, Promise>;

/// What was promised before a moment, with what has been asked for since.
inline Promises with_requests(Promises before, const Promises& since) {
  for (const auto& [id, promise] : since) before[id].settling |= promise.settling;
  return before;
}

/// Threads: any.
class Ledger {
 public:
  void sent(Id id) {
    const std::lock_guard lock(mutex_);
    promises_[id];
  }
  void confirmed(Id id) {
    const std::lock_guard lock(mutex_);
    promises_[id].confirmed = true;
    promises_[id].confirmed_at = Clock::now();
  }
  void settling(Id id) {
    const std::lock_guard lock(mutex_);
    promises_[id].settling = true;
  }
  void settled(Id id) {
    const std::lock_guard lock(mutex_);
    promises_[id].settled = true;
    promises_[id].settled_at = Clock::now();
  }
  Promises now() const {
    const std::lock_guard lock(mutex_);
    return promises_;
  }
  /// After a cut: what was found is kept from now on, and nothing else may ever come.
  void restart(const Ids& found) {
    const std::lock_guard lock(mutex_);
    promises_.clear();
    for (const auto id : found) promises_[id].confirmed = true;
  }

 private:
  mutable std::mutex mutex_;  // guards promises_
  Promises promises_;
};

/// What one cut did to the promises of a queue, or many cuts.
struct Tally {
  std::uint64_t confirmed = 0, settled = 0;  ///< promised: they must be there, they must not come again
  std::uint64_t unsynced = 0;                ///< confirmed since the last completed sync began
  std::uint64_t unsynced_lost = 0;           ///< of these, gone
  std::uint64_t lost = 0;                    ///< promised sends that are gone
  std::uint64_t again = 0;                   ///< promised acknowledgements that are gone
  std::uint64_t strange = 0;                 ///< messages that nobody sent, or that had been lost before
  std::uint64_t holes = 0;                   ///< gone although a later message of the same sender is there
  Tally& operator+=(const Tally& more) {
    confirmed += more.confirmed, settled += more.settled, unsynced += more.unsynced;
    unsynced_lost += more.unsynced_lost, lost += more.lost, again += more.again;
    strange += more.strange, holes += more.holes;
    return *this;
  }
};

/// `found`: what comes again; `gone_on`: what a transaction has made of it. Promises after `synced` may be
/// broken.
inline Tally judge(const Promises& promises, const Ids& found, const Ids& gone_on, TimePoint synced) {
  Tally tally;
  bool missing = false;
  for (const auto& [id, promise] : promises) {
    const bool there = found.contains(id) || gone_on.contains(id);
    const bool must_stay = promise.confirmed && promise.confirmed_at <= synced;
    const bool must_go = promise.settled && promise.settled_at <= synced;
    const bool absent = !there && !promise.settling;
    if (must_stay) ++tally.confirmed;
    if (must_go) ++tally.settled;
    if (must_stay && absent) ++tally.lost;
    if (must_go && found.contains(id)) ++tally.again;
    if (promise.confirmed && !must_stay) ++tally.unsynced;
    if (promise.confirmed && !must_stay && absent) ++tally.unsynced_lost;
    if (there && missing) ++tally.holes;
    missing = missing || absent;
  }
  tally.strange = static_cast<std::uint64_t>(
      std::count_if(found.begin(), found.end(), [&](Id id) { return !promises.contains(id); }));
  return tally;
}

}  // namespace omnibus::embedded::test
