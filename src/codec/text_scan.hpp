#pragma once

/// Finds what needs a second look in JSON text: quotes, backslashes, control characters, bytes above 0x7f.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace omnibus::schema::detail {

inline constexpr std::size_t block_size = 16;

inline bool is_plain(unsigned char c) noexcept { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

#if defined(__SSE2__)

using Block = __m128i;

inline Block load_block(const char* from) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const Block*>(from));
}
inline void store_block(char* to, Block block) noexcept {
  _mm_storeu_si128(reinterpret_cast<Block*>(to), block);
}
/// The first `size` (under 16) bytes and zeros; reads no byte beyond them.
inline Block load_tail(const char* from, std::size_t size) noexcept {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (size >= 8) {
    std::memcpy(&low, from, 8);
    std::memcpy(&high, from + size - 8, 8);
    const auto shift = static_cast<int>(16 - size) * 8;
    high = shift == 64 ? 0 : high >> shift;
  } else if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + size - 4, 4);
    low = first | static_cast<std::uint64_t>(last) << (size - 4) * 8;
  } else if (size > 0) {
    const auto byte = [from](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(from[i])}; };
    low = byte(0) | byte(size / 2) << size / 2 * 8 | byte(size - 1) << (size - 1) * 8;
  }
  return _mm_set_epi64x(static_cast<std::int64_t>(high), static_cast<std::int64_t>(low));
}
/// All bits of each byte that is not plain.
inline Block special_bytes(Block block) noexcept {
  // Signed comparison: bytes from 0x80 on are negative, hence below 0x20 as well.
  const Block low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
  const Block quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
  const Block slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
  return _mm_or_si128(low, _mm_or_si128(quote, slash));
}
/// One bit per byte that is not plain.
inline unsigned special_mask(Block block) noexcept {
  return static_cast<unsigned>(_mm_movemask_epi8(special_bytes(block)));
}
/// Whether four blocks are plain.
inline bool all_plain(const Block (&four)[4]) noexcept {
  const Block first = _mm_or_si128(special_bytes(four[0]), special_bytes(four[1]));
  const Block second = _mm_or_si128(special_bytes(four[2]), special_bytes(four[3]));
  return _mm_movemask_epi8(_mm_or_si128(first, second)) == 0;
}

#else

struct Block {
  char bytes[block_size];
};
inline Block load_block(const char* from) noexcept {
  Block block;
  std::memcpy(block.bytes, from, block_size);
  return block;
}
inline void store_block(char* to, Block block) noexcept { std::memcpy(to, block.bytes, block_size); }
inline Block load_tail(const char* from, std::size_t size) noexcept {
  Block block{};
  std::memcpy(block.bytes, from, size);
  return block;
}
inline unsigned special_mask(Block block) noexcept {
  unsigned mask = 0;
  for (unsigned i = 0; i < block_size; ++i) {
    mask |= static_cast<unsigned>(!is_plain(static_cast<unsigned char>(block.bytes[i]))) << i;
  }
  return mask;
}
inline bool all_plain(const Block (&four)[4]) noexcept {
  return (special_mask(four[0]) | special_mask(four[1]) | special_mask(four[2]) | special_mask(four[3])) == 0;
}

#endif

/// Copies whole blocks while four in a row are plain; returns how many bytes.
inline std::size_t copy_plain(char* to, const char* from, std::size_t size) noexcept {
  std::size_t done = 0;
  while (size - done >= 4 * block_size) {
    const char* const at = from + done;
    const Block four[4] = {load_block(at), load_block(at + 16), load_block(at + 32), load_block(at + 48)};
    if (!all_plain(four)) break;
    for (std::size_t i = 0; i < 4; ++i) store_block(to + done + i * block_size, four[i]);
    done += 4 * block_size;
  }
  return done;
}

/// The first byte that is not plain, or `end`.
inline const char* find_special(const char* at, const char* end) noexcept {
  while (static_cast<std::size_t>(end - at) >= 4 * block_size) {
    const Block four[4] = {load_block(at), load_block(at + 16), load_block(at + 32), load_block(at + 48)};
    if (!all_plain(four)) break;
    at += 4 * block_size;
  }
  while (static_cast<std::size_t>(end - at) >= block_size) {
    const unsigned mask = special_mask(load_block(at));
    if (mask != 0) return at + std::countr_zero(mask);
    at += block_size;
  }
  while (at != end && is_plain(static_cast<unsigned char>(*at))) ++at;
  return at;
}

/// The size of the UTF-8 sequence at `at`, which begins with a byte above 0x7f; 0 when it is malformed:
/// overlong, a surrogate, above U+10FFFF, or cut off. Source: Unicode 15, table 3-7.
inline std::size_t utf8_sequence(const char* at, const char* end) noexcept {
  const auto byte = [at](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  const auto continues = [&byte](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const auto left = static_cast<std::size_t>(end - at);
  const unsigned char lead = byte(0);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return left >= 2 && continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
    return 3;
  }
  if (left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
  return 4;
}

}  // namespace omnibus::schema::detail
