#pragma once

/// Decimal digits, two at a time.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace omnibus::schema::detail {

constexpr auto make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
inline constexpr auto digit_pairs = make_digit_pairs();

constexpr auto make_decimal_powers() {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& each : powers) {
    each = power;
    power *= 10;
  }
  return powers;
}
inline constexpr auto decimal_powers = make_decimal_powers();

/// How many digits; 1 for zero.
inline unsigned count_digits(std::uint64_t value) noexcept {
  const auto bits = static_cast<unsigned>(std::bit_width(value | 1));
  const unsigned guess = bits * 1233 >> 12;
  return guess + (guess < decimal_powers.size() && value >= decimal_powers[guess] ? 1 : 0) +
         (value == 0 ? 1 : 0);
}

inline void write_pair(char* to, std::uint32_t value) noexcept {
  std::memcpy(to, digit_pairs.data() + std::size_t{2} * value, 2);
}
/// Eight digits, 0 to 9 each, of a value under 10^8; the first one in the lowest byte. Halves side by side.
inline std::uint64_t split_eight(std::uint32_t value) noexcept {
  const std::uint64_t fours = value / 10000 | std::uint64_t{value % 10000} << 32;
  const std::uint64_t hundreds = (fours * 10486) >> 20 & 0x0000007f0000007f;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = (twos * 103) >> 10 & 0x000f000f000f000f;
  return tens | (twos - 10 * tens) << 8;
}
inline void store_eight(char* to, std::uint64_t digits) noexcept {
  digits |= 0x3030303030303030;
  if constexpr (std::endian::native == std::endian::big) {
    for (int i = 0; i < 8; ++i) to[i] = static_cast<char>(digits >> 8 * i);
  } else {
    std::memcpy(to, &digits, 8);
  }
}
/// Writes `count` digits, which the value has.
inline void write_digits(char* to, std::uint64_t value, unsigned count) noexcept {
  while (count > 8) {
    count -= 8;
    store_eight(to + count, split_eight(static_cast<std::uint32_t>(value % 100'000'000)));
    value /= 100'000'000;
  }
  auto rest = static_cast<std::uint32_t>(value);
  while (count > 1) {
    count -= 2;
    write_pair(to + count, rest % 100);
    rest /= 100;
  }
  if (count == 1) *to = static_cast<char>('0' + rest);
}

/// Sixteen digits, the first one in the lowest byte.
class SixteenDigits {
 public:
#if defined(__SSE2__)
  /// Each half under 10^8. Every step splits all numbers at once, each into two of half as many digits.
  SixteenDigits(std::uint32_t high, std::uint32_t low) noexcept {
    const __m128i eights = _mm_set_epi64x(low, high);
    const __m128i quotients4 = _mm_srli_epi64(_mm_mul_epu32(eights, _mm_set1_epi64x(0xd1b71759)), 45);
    const __m128i rests4 = _mm_sub_epi64(eights, _mm_mul_epu32(quotients4, _mm_set1_epi64x(10000)));
    const __m128i fours = _mm_or_si128(quotients4, _mm_slli_epi64(rests4, 32));
    const __m128i quotients2 = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi32(5243)), 3);
    const __m128i rests2 = _mm_sub_epi16(fours, _mm_mullo_epi16(quotients2, _mm_set1_epi32(100)));
    const __m128i twos = _mm_or_si128(quotients2, _mm_slli_epi32(rests2, 16));
    const __m128i quotients = _mm_mulhi_epu16(twos, _mm_set1_epi16(6554));
    const __m128i rests = _mm_sub_epi16(twos, _mm_mullo_epi16(quotients, _mm_set1_epi16(10)));
    digits_ = _mm_or_si128(quotients, _mm_slli_epi16(rests, 8));
  }
  void store(char* to) const noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_or_si128(digits_, _mm_set1_epi8('0')));
  }
  /// Up to the last that is not zero.
  int significant() const noexcept {
    const auto zeros = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(digits_, _mm_setzero_si128())));
    return static_cast<int>(std::bit_width(~zeros & 0xffff));
  }

 private:
  __m128i digits_;
#else
  SixteenDigits(std::uint32_t high, std::uint32_t low) noexcept
      : high_(split_eight(high)), low_(split_eight(low)) {}
  void store(char* to) const noexcept {
    store_eight(to, high_);
    store_eight(to + 8, low_);
  }
  int significant() const noexcept {
    return low_ != 0 ? 16 - std::countl_zero(low_) / 8 : 8 - std::countl_zero(high_) / 8;
  }

 private:
  std::uint64_t high_;
  std::uint64_t low_;
#endif
};

/// Digits of a value of exactly seventeen.
class SeventeenDigits {
 public:
  explicit SeventeenDigits(std::uint64_t value) noexcept
      : SeventeenDigits(static_cast<std::uint32_t>(value / ten_8),
                        static_cast<std::uint32_t>(value % ten_8)) {}
  void store(char* to) const noexcept {
    *to = first_;
    rest_.store(to + 1);
  }
  int significant() const noexcept { return 1 + rest_.significant(); }

 private:
  static constexpr std::uint32_t ten_8 = 100'000'000;
  SeventeenDigits(std::uint32_t nine, std::uint32_t eight) noexcept
      : first_(static_cast<char>('0' + nine / ten_8)), rest_(nine % ten_8, eight) {}

  char first_;
  SixteenDigits rest_;
};

}  // namespace omnibus::schema::detail
