#include "backends/embedded/log/frame.hpp"

#include <algorithm>
#include <cstring>

namespace omnibus::embedded {
namespace {

constexpr char segment_magic[8] = {'O', 'M', 'N', 'I', 'S', 'E', 'G', '\n'};
constexpr std::size_t crc_offset = offsetof(SegmentHeader, crc);

template <class T>
std::string_view bytes_of(const T& value, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(&value), size};
}

std::optional<SegmentHeader> decode_copy(std::string_view bytes, std::size_t offset) noexcept {
  if (bytes.size() < offset + sizeof(SegmentHeader)) return std::nullopt;
  SegmentHeader header;
  std::memcpy(&header, bytes.data() + offset, sizeof header);
  const bool fits = std::memcmp(header.magic, segment_magic, sizeof segment_magic) == 0 &&
                    header.crc == crc32c(bytes_of(header, crc_offset)) && header.version == format_version &&
                    header.data_offset == first_frame_offset;
  return fits ? std::optional(header) : std::nullopt;
}

}  // namespace

std::string encode(SegmentHeader header) {
  std::memcpy(header.magic, segment_magic, sizeof segment_magic);
  header.version = format_version;
  header.data_offset = first_frame_offset;
  header.reserved = 0;
  header.crc = crc32c(bytes_of(header, crc_offset));
  std::string bytes(first_frame_offset, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + second_header_offset, &header, sizeof header);
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) noexcept {
  const auto first = decode_copy(bytes, 0);
  return first ? first : decode_copy(bytes, second_header_offset);
}

bool both_headers_fit(std::string_view bytes) noexcept {
  return decode_copy(bytes, 0) && decode_copy(bytes, second_header_offset) &&
         bytes.substr(0, sizeof(SegmentHeader)) == bytes.substr(second_header_offset, sizeof(SegmentHeader));
}

std::uint32_t frame_seed(std::uint64_t segment_seed, std::uint32_t offset) noexcept {
  // The CRC of twelve bytes, so that both parts reach every bit.
  const auto low = crc32c(bytes_of(segment_seed, sizeof segment_seed));
  return crc32c(bytes_of(offset, sizeof offset), low);
}

std::uint32_t header_crc(const FrameHeader& header, std::uint32_t seed) noexcept {
  return crc32c(bytes_of(header, offsetof(FrameHeader, crc)), seed);
}

std::optional<FrameHeader> decode_frame_header(std::string_view segment, std::uint64_t segment_seed,
                                               std::uint32_t offset) noexcept {
  if (offset + frame_header_size > segment.size()) return std::nullopt;
  const char* at = segment.data() + offset;
  const auto length = load_length(at);
  if (length == 0 || length > max_frame_payload || frame_size(length) > segment.size() - offset)
    return std::nullopt;
  FrameHeader header;
  std::memcpy(&header, at, sizeof header);
  header.length = length;
  if (header.magic != frame_magic || header.crc != header_crc(header, frame_seed(segment_seed, offset)))
    return std::nullopt;
  return header;
}

std::optional<FoundFrame> find_frame(std::string_view segment, std::uint64_t segment_seed, std::uint32_t from,
                                     std::uint32_t damaged_at, std::uint64_t expected) noexcept {
  constexpr std::uint64_t smallest = frame_size(1);
  for (auto offset = from; offset + frame_header_size <= segment.size(); offset += 8) {
    // The magic first: it decides almost always, at the cost of one comparison.
    std::uint32_t magic;
    std::memcpy(&magic, segment.data() + offset + offsetof(FrameHeader, magic), sizeof magic);
    if (magic != frame_magic) continue;
    const auto header = decode_frame_header(segment, segment_seed, offset);
    if (!header || header->sequence < expected) continue;
    if (header->sequence - expected <= (offset - damaged_at) / smallest) return FoundFrame{offset, *header};
  }
  return std::nullopt;
}

}  // namespace omnibus::embedded
