#pragma once

/// The bytes of segments and frames; docs/design/embedded-format.md draws them. Pure functions over memory.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/embedded/log/log.hpp"

namespace omnibus::embedded {

inline constexpr std::uint32_t format_version = 1;

/// At the start of a segment, twice: a flipped bit in one copy costs nothing.
struct SegmentHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t data_offset;  ///< of the first frame
  char store_id[16];
  std::uint64_t number;
  std::uint64_t first;     ///< sequence of its first frame; 0 while it is only prepared
  std::uint64_t capacity;  ///< size of the file
  std::uint64_t seed;      ///< random; every CRC of the segment starts from it
  std::uint64_t synced;    ///< highest sequence known synced when it was taken into use
  std::uint32_t reserved;
  std::uint32_t crc;  ///< of the bytes before
};
static_assert(sizeof(SegmentHeader) == 80);

inline constexpr std::size_t second_header_offset = 512;
inline constexpr std::uint32_t first_frame_offset = 1024;

/// Fills in magic, version and CRC and gives the bytes of the first 1024, both copies.
std::string encode(SegmentHeader header);
/// The valid copy, if one is. `bytes` are the first 1024 of the file, or fewer.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) noexcept;

/// Whether both copies are valid and the same.
bool both_headers_fit(std::string_view bytes) noexcept;

/// Before each payload. Aligned to 8.
struct FrameHeader {
  std::uint32_t length;  ///< of the payload; 0: no frame here (yet). Stored last, with release order.
  std::uint32_t magic;
  std::uint64_t sequence;
  std::uint64_t synced;       ///< highest sequence known synced when it was written
  std::uint32_t payload_crc;  ///< seeded like crc
  std::uint32_t crc;          ///< of the 28 bytes before, seeded by the segment and the frame's offset
};
static_assert(sizeof(FrameHeader) == frame_header_size);

inline constexpr std::uint32_t frame_magic = 0x4D46424F;  // "OBFM"

/// Bytes of a frame on disk: header, payload, padding to 8.
constexpr std::uint32_t frame_size(std::size_t payload) noexcept {
  return static_cast<std::uint32_t>((frame_header_size + payload + 7) & ~std::size_t{7});
}

/// What the CRCs of the frame at `offset` start from. The offset is part of it, so that a header copied into
/// a payload, or left behind elsewhere, never passes for one.
std::uint32_t frame_seed(std::uint64_t segment_seed, std::uint32_t offset) noexcept;

std::uint32_t header_crc(const FrameHeader& header, std::uint32_t seed) noexcept;

/// The length word of the frame at `offset`, as other processes store it.
inline std::uint32_t load_length(const char* frame) noexcept {
  return std::atomic_ref<std::uint32_t>(
             *reinterpret_cast<std::uint32_t*>(const_cast<char*>(frame)))  // NOLINT: read only
      .load(std::memory_order_acquire);
}
inline void store_length(char* frame, std::uint32_t length) noexcept {
  std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(frame))
      .store(length, std::memory_order_release);
}

/// The header at `offset` when one lies there whole: magic, CRC and bounds fit. Its payload is not looked at.
std::optional<FrameHeader> decode_frame_header(std::string_view segment, std::uint64_t segment_seed,
                                               std::uint32_t offset) noexcept;

/// The first header at or behind `from` (a multiple of 8) whose sequence is at least `expected` and not
/// further ahead than the bytes skipped since `damaged_at` could have held frames.
struct FoundFrame {
  std::uint32_t offset = 0;
  FrameHeader header = {};
};
std::optional<FoundFrame> find_frame(std::string_view segment, std::uint64_t segment_seed, std::uint32_t from,
                                     std::uint32_t damaged_at, std::uint64_t expected) noexcept;

/// The payload behind a header.
inline std::string_view payload_of(std::string_view segment, std::uint32_t offset,
                                   const FrameHeader& header) noexcept {
  return segment.substr(offset + frame_header_size, header.length);
}

}  // namespace omnibus::embedded
