#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/pulsar/ack_id.hpp"
#include "backends/pulsar/batch.hpp"

namespace omnibus::pulsar {

/// One message of an entry, as this consumer sees it.
struct Slot {
  enum class State : std::uint8_t {
    buffered,  ///< waits for credit
    held,      ///< delivered, not settled
    away,      ///< given back, waits for its time
    settled,
  };
  State state = State::buffered;
  std::uint16_t turn = 0;      ///< of the delivery that may settle it
  std::uint16_t returned = 0;  ///< how often it was given back here
};

/// One entry that holds messages which this consumer has not settled.
struct Entry {
  EntryKey key;
  bool batch = false;
  bool transactional = false;  ///< a message of it was acknowledged in a transaction
  std::vector<Slot> slots;
  std::size_t left = 0;  ///< slots not settled
  std::uint32_t redelivered = 0;
  SystemTime publish_time = {};
  std::shared_ptr<const std::string> payload;  ///< kept as long as a message may be delivered again from here
  std::vector<Single> singles;                 ///< parts of it
  std::shared_ptr<const proto::MessageMetadata> metadata;  ///< of a message that is no batch
  std::vector<EntryKey> chunks;  ///< the entries of all chunks but the last, which is this one

  /// Whether the broker may be asked for the entry again: nobody here holds or awaits another of its
  /// messages.
  bool only(std::size_t index) const noexcept;
};

/// The entries that a consumer has received and not settled, and the memory of those that may come to it
/// again. Threads: like a container.
class Unsettled {
 public:
  enum class Verdict {
    settled,  ///< by this call
    before,   ///< it was settled already
    stale,    ///< another delivery of it counts now
    unknown,  ///< not of this consumer, or from before its time
  };

  /// Adds an entry with this many messages; null when it is here already. `waiting` tells which are not
  /// acknowledged (by index; empty for all).
  Entry* add(const EntryKey& key, std::size_t count, bool batch, const std::vector<bool>& waiting);
  Entry* find(const EntryKey& key) noexcept;
  Verdict settle(const MessageKey& message);
  /// Marks a held message as given back, under a new turn.
  Verdict give_back(const MessageKey& message);
  /// Removes an entry that went back to the broker.
  void return_entry(const EntryKey& key) { put_away(key, Verdict::stale); }
  /// Removes an entry that is settled if a transaction happens. If not it comes again, under another turn.
  void settle_entry(const EntryKey& key) { put_away(key, Verdict::unknown); }
  void erase(const EntryKey& key) { entries_.erase(key); }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [key, entry] : entries_) visit(*entry);
  }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  static constexpr std::size_t most_away = 10'000;
  struct Away {
    std::uint16_t turn = 0;  ///< the last
    Verdict verdict;         ///< on what is said of it meanwhile
  };

  void put_away(EntryKey key, Verdict verdict);
  Slot* slot_of(const MessageKey& message) noexcept;
  Verdict missing(const MessageKey& message) const;

  std::unordered_map<EntryKey, std::unique_ptr<Entry>, EntryHash> entries_;
  std::unordered_map<EntryKey, Away, EntryHash> away_;  ///< what may come again
  std::deque<EntryKey> away_order_;
};

}  // namespace omnibus::pulsar
