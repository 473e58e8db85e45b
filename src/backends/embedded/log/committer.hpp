#pragma once

/// The commit section: the lock, the repair behind a dead holder, the append.
/// Threads: lock from any; the rest by the holder of the lock.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <unistd.h>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/log/segment_cache.hpp"

namespace omnibus::embedded {

/// Sizes of segments: the first, doubling to the last.
struct SegmentSizes {
  std::size_t first = 0, max = 0;
  std::uint64_t ring = 0;  ///< bytes beyond which the oldest go; 0 for a durable log

  static SegmentSizes of(const LogOptions& options);
  std::size_t after(std::size_t size) const noexcept { return std::min(std::max(size * 2, first), max); }
};

class Committer {
 public:
  Committer(Control& control, const SegmentFolder& folder, SegmentCache& cache, const LogOptions& options,
            std::uint32_t slot)
      : control_(control),
        folder_(folder),
        cache_(cache),
        options_(options),
        sizes_(SegmentSizes::of(options)),
        slot_(slot),
        pid_(::getpid()) {}

  /// See Log::lock. Errors: unavailable, io.
  void lock(Duration waited);
  void unlock() noexcept;
  FrameView append(std::span<const std::string_view> parts, Log::Room room);

  const SegmentSizes& sizes() const noexcept { return sizes_; }
  /// True once after an append that used up what was prepared: the background thread should look.
  bool take_hungry() noexcept { return std::exchange(hungry_, false); }
  /// Whether the pages ahead of a tail in a segment of `size` bytes should be populated.
  bool wants_pages(const Tail& tail, std::uint32_t size) const noexcept;
  /// How far the tail segment is populated in this process, by the background thread.
  void populated(std::uint64_t segment, std::uint32_t until) noexcept;

  static constexpr std::uint32_t populate_window = std::uint32_t{1} << 20;

 private:
  void acquire(Duration waited);
  void repair();
  void start_next_segment(Tail& tail);
  std::shared_ptr<Segment> make_next_segment(std::uint64_t number);
  void drop_oldest(std::uint64_t newest);
  Segment& tail_segment(std::uint64_t number);
  FrameView write(const Tail& tail, std::span<const std::string_view> parts, std::uint32_t length);
  void step(std::string_view name) const {
    if (options_.step != nullptr) options_.step(name);
  }

  Control& control_;
  const SegmentFolder& folder_;
  SegmentCache& cache_;
  const LogOptions& options_;
  const SegmentSizes sizes_;
  const std::uint32_t slot_;
  const pid_t pid_;                          ///< the child of a fork has no use of this
  std::shared_ptr<Segment> tail_;            // the last one appended to; under the commit lock
  std::uint64_t made_ = 0;                   // a segment that is there; under the commit lock
  bool hungry_ = false;                      // under the commit lock
  std::atomic<std::uint64_t> populated_{0};  // a packed Tail
};

}  // namespace omnibus::embedded
