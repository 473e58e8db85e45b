#pragma once

/// The files of a store as they are at one moment, for those who look at it without joining: nothing is
/// written, no member's slot is taken, and the right to read is enough. Others may go on using the store.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/store.hpp>

#include "backends/embedded/log/frame.hpp"
#include "backends/embedded/log/mapping.hpp"

namespace omnibus::embedded {

struct StoreImage {
  struct Segment {
    std::uint64_t number = 0;
    SegmentHeader header = {};
    std::shared_ptr<const MappedFile> mapped;
    std::string_view bytes() const noexcept { return mapped->bytes(); }
  };

  std::filesystem::path directory;
  std::string id;         ///< empty when neither the format file nor a segment tells
  bool in_use = false;    ///< somebody has it open
  std::uint64_t end = 0;  ///< in use: the last sequence that was committed
  /// Not in use: everything up to it is known to have been whole, see RecoveryInput.
  std::uint64_t intact = 0;
  std::vector<Segment> segments;        ///< those that hold frames, rising
  std::vector<Checkpoint> checkpoints;  ///< the valid ones, newest first
  std::vector<StoreDamage> damage;      ///< of files as a whole and of segment headers
  std::vector<StoreDamage> set_aside;   ///< segments that a recovery has put out of the way

  const Segment* find(std::uint64_t number) const noexcept;
};

/// Errors: not_found when no store is there, forbidden, unsupported (newer format), config (a volatile one),
/// unavailable (another process has been opening it for long), io.
StoreImage take_image(const std::filesystem::path& directory);

/// Whether somebody has the store open now.
bool is_in_use(const std::filesystem::path& directory);

/// A segment's file, relative to the store.
std::string segment_file(std::uint64_t number);

/// One frame by its place. Errors: corrupt, io, not_found (no such segment).
FrameView read_frame(const StoreImage& image, FramePosition position);

}  // namespace omnibus::embedded
