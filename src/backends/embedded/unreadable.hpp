#pragma once

#include <cstddef>
#include <vector>

#include "backends/embedded/store_reading.hpp"

namespace omnibus::embedded {

/// The messages of a StoreReading that cannot be read. Threads: one.
class Unreadable {
 public:
  void add(const Queue& queue, Sequence sequence, const StoredMessage& message, const Error& error);
  /// In a store in use messages go, and their bodies with them, while they are read: looks again, and forgets
  /// those that are kept no longer.
  void forgive_settled(const StoreImage& image);

  std::size_t size() const noexcept { return entries_.size(); }
  /// Appends them.
  void tell(std::vector<StoreDamage>& damage) const;

 private:
  struct Entry {
    QueueId queue;
    Sequence sequence;
    StoreDamage damage;
  };
  std::vector<Entry> entries_;
};

}  // namespace omnibus::embedded
