#pragma once

/// What the first member does before anybody may append: finds the end of the log, cuts a torn tail, reports
/// damage, and syncs. Interrupted at any instant it can simply be done again.

#include <cstdint>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/segment.hpp"
#include "backends/embedded/log/store_folder.hpp"

namespace omnibus::embedded {

struct RecoveryInput {
  const SegmentFolder& segments;
  /// Everything up to here is known to have been whole: damage there is corruption, not a torn tail.
  std::uint64_t intact = 0;
  std::size_t first_segment = 0;  ///< size of the first one
  const Report& report;
};

struct Recovered {
  Tail tail;
  std::uint64_t end = 0;     ///< last sequence
  std::uint64_t oldest = 0;  ///< number of the first segment
};

/// Errors: io, no_space (an empty store cannot get its first segment).
Recovered recover(const RecoveryInput& input);

/// For a volatile store: removes all segments and makes the first one.
Recovered restart_empty(const SegmentFolder& segments, std::size_t first_segment);

}  // namespace omnibus::embedded
