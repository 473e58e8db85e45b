#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "backends/embedded/journal.hpp"
#include "backends/embedded/log/log.hpp"

namespace omnibus::embedded {

/// Copies the few messages that hold back mostly empty segments to the end of the log. Once two checkpoints
/// know where they are now, the segments can go. Threads: any thread, one at a time.
class Cleaner {
 public:
  Cleaner(const Log& log, const Journal::Listener& engine) : log_(log), engine_(engine) {}

  /// The last of the first segments that are together at most one `share`-th in use; 0 for none. Only from
  /// the front can segments go, and the newest never.
  std::uint64_t choose(const SegmentUse& use, std::uint64_t share) const;

  struct Copied {
    std::uint64_t messages = 0, bytes = 0;
    std::uint64_t lost = 0;  ///< damaged; left out, and reported
  };
  /// Tells how much is copied; false: stop.
  using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;
  /// Empties the segments up to `last`. Errors: unavailable, no_space, io, closed.
  Copied empty(std::uint64_t last, const Progress& progress) const;

 private:
  struct Entry {
    FramePosition position;
    Stored stored;
    std::size_t size = 0;
  };
  std::vector<Entry> find(std::uint64_t last) const;
  void fetch(const Entry& entry) const noexcept;

  const Log& log_;
  const Journal::Listener& engine_;
};

}  // namespace omnibus::embedded
