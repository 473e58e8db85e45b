#pragma once

/// The segments that this handle has mapped. Threads: any.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "backends/embedded/log/segment.hpp"

namespace omnibus::embedded {

class SegmentCache {
 public:
  explicit SegmentCache(const SegmentFolder& folder) : folder_(folder) {}

  /// Null when the file is gone. Errors: as Segment::open.
  std::shared_ptr<Segment> get(std::uint64_t number);
  /// The first one behind `number` that exists and can be read, up to `last`; null when there is none.
  std::shared_ptr<Segment> next(std::uint64_t number, std::uint64_t last);
  /// Lets go of a segment that was removed.
  void forget(std::uint64_t number);

 private:
  std::shared_ptr<Segment> readable(std::uint64_t number);

  const SegmentFolder& folder_;
  std::mutex mutex_;  // guards what follows
  std::map<std::uint64_t, std::weak_ptr<Segment>> known_;
  std::array<std::shared_ptr<Segment>, 8> recent_;  // kept mapped though nobody uses them at the moment
  std::size_t next_recent_ = 0;
};

}  // namespace omnibus::embedded
