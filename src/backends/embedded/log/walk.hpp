#pragma once

/// Follows the frames of one segment, around damage. Recovery and check read the same frames because both
/// read through this.

#include <cstdint>
#include <string_view>

#include "backends/embedded/log/frame.hpp"

namespace omnibus::embedded {

/// Bytes of a segment that hold no valid frame, and the sequences that are missing there: none when
/// last < first.
struct Damage {
  std::uint64_t segment = 0;
  std::uint32_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t first = 0, last = 0;
};

/// Whether the bytes behind a header are those that were written.
inline bool payload_fits(std::string_view segment, std::uint64_t segment_seed, std::uint32_t offset,
                         const FrameHeader& header) noexcept {
  return crc32c(payload_of(segment, offset, header), frame_seed(segment_seed, offset)) == header.payload_crc;
}

/// Walks from `offset`, where sequence `expected` should stand, up to sequence `last`. Calls
/// on_frame(offset, header) for each whole frame and on_damage(Damage) for what is between them; `expected`
/// becomes the next sequence. Returns where the frames end.
template <class OnFrame, class OnDamage>
std::uint32_t walk_frames(std::string_view segment, std::uint64_t number, std::uint64_t seed,
                          std::uint32_t offset, std::uint64_t& expected, std::uint64_t last,
                          OnFrame&& on_frame, OnDamage&& on_damage) {
  while (expected <= last) {
    const auto header = decode_frame_header(segment, seed, offset);
    if (header && header->sequence == expected) {
      const auto size = frame_size(header->length);
      if (payload_fits(segment, seed, offset, *header))
        on_frame(offset, *header);
      else
        on_damage(Damage{number, offset, size, expected, expected});
      ++expected;
      offset += size;
      continue;
    }
    const auto found = find_frame(segment, seed, offset, offset, expected);
    if (!found) break;
    on_damage(Damage{number, offset, found->offset - offset, expected, found->header.sequence - 1});
    expected = found->header.sequence;
    offset = found->offset;
  }
  return offset;
}

}  // namespace omnibus::embedded
