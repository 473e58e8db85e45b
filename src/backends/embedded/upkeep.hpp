#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "backends/embedded/log/log.hpp"
#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

/// Keeps a store from growing for ever: checkpoints, and the removal of what no message needs.
/// Threads: restore() and draft() under the lock that guards the State, the others without it; a round of
/// look_at_disk() to write() on one thread at a time; grew(), due() and discard() from any.
class Upkeep {
 public:
  /// A checkpoint about to be written.
  struct Draft {
    std::uint64_t sequence = 0;
    std::string bytes;
    std::uint64_t growth = 0;
    SegmentUse use = {};
  };

  /// A checkpoint is due after `interval` bytes of log, or twice its own size if that is more.
  Upkeep(Log& log, std::uint64_t interval) : log_(log), interval_(interval) {}

  /// Fills an empty State from the newest checkpoint that can be used; the sequence that it stands for, 0
  /// when there is none. Errors: corrupt when the log's beginning is missing and no checkpoint makes up for
  /// it; unsupported.
  std::uint64_t restore(State& state);
  /// For the first member: removes the bodies of sends that never committed.
  void remove_leftovers(const State& state);

  /// A frame was applied or appended.
  void grew(std::uint64_t frame_bytes) noexcept { growth_ += frame_bytes + frame_cost; }
  /// So much was committed that a checkpoint should be written.
  bool due() const noexcept { return growth_ >= wanted_growth_; }
  /// Likewise, for a member that closes: the next one to open should not have to replay.
  bool due_at_close() const;

  /// Looks whether another process has written one; due() counts from it then.
  void look_at_disk();
  Draft draft(const State& state, std::uint64_t sequence) const;
  /// Writes it, unless somebody else has written a newer one or is writing, and removes the segments that
  /// neither it nor the one before needs. Returns whether it did. Errors: no_space, io.
  bool write(const Draft& draft);
  /// Removes the segments that neither of the two checkpoints on disk needs, as far as every live member has
  /// applied them. Returns whether none of them is left.
  bool remove_unneeded();

  /// Removes a body once the log is on disk up to `mark`: before, a power cut could bring its message back.
  /// Returns how many bodies wait.
  std::size_t discard(BlobId blob, std::uint64_t mark);
  /// Removes the bodies whose time has come; returns how many wait.
  std::size_t sweep();

 private:
  /// What replaying a frame costs besides its bytes.
  static constexpr std::uint64_t frame_cost = 128;

  struct Known {
    std::uint64_t sequence = 0;
    std::uint64_t oldest_segment = 0;
  };
  void note(const Known& checkpoint, std::uint64_t size);
  /// The first sequence that a start from that checkpoint reads, or that holds a message of it.
  std::uint64_t first_needed(const Known& checkpoint) const;

  Log& log_;
  const std::uint64_t interval_;
  std::atomic<std::uint64_t> growth_ = 0;  ///< of the log behind the newest checkpoint, as far as known here
  std::atomic<std::uint64_t> wanted_growth_ = interval_;
  std::atomic<std::uint64_t> size_ = 0;  ///< of the newest checkpoint
  std::optional<Known> newest_;          ///< on disk, when last looked at

  std::mutex mutex_;  ///< guards what follows
  std::deque<std::pair<std::uint64_t, BlobId>> doomed_;
};

}  // namespace omnibus::embedded
