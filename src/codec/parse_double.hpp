#pragma once

/// Takes JSON numbers apart and rounds them to doubles. In a header, so that lists of numbers are read in one
/// loop.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "codec/powers_of_ten.hpp"

namespace omnibus::schema::detail {

/// A JSON number taken apart.
struct ParsedNumber {
  const char* end = nullptr;  ///< behind it; null when malformed
  std::uint64_t digits = 0;   ///< the significant digits, when at most 19
  int exponent = 0;           ///< of ten
  bool negative = false;
  bool exact =
      true;  ///< false: more than 19 digits or an absurd exponent, so digits and exponent do not tell all
  bool integral = true;  ///< neither fraction nor exponent
};

__extension__ using Wide = unsigned __int128;

inline constexpr int absurd_exponent = 100'000;

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Eight digits at once; the bytes hold the first digit lowest.
inline bool are_eight_digits(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t high_nibbles = 0xf0f0f0f0f0f0f0f0;
  return (bytes & high_nibbles) == 0x3030303030303030 &&
         ((bytes + 0x0606060606060606) & high_nibbles) == 0x3030303030303030;
}
inline std::uint64_t value_of_eight(std::uint64_t bytes) noexcept {
  bytes -= 0x3030303030303030;
  bytes = bytes * 10 + (bytes >> 8);
  constexpr std::uint64_t pairs = 0x000000ff000000ff;
  constexpr std::uint64_t first = 100 + (1'000'000ull << 32);
  constexpr std::uint64_t second = 1 + (10'000ull << 32);
  return ((bytes & pairs) * first + (bytes >> 16 & pairs) * second) >> 32;
}

/// Adds the digits at `at` to `digits`, which wraps when there are too many.
inline const char* take_digits(const char* at, const char* end, std::uint64_t& digits) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, at, 8);
      if (!are_eight_digits(bytes)) break;
      digits = digits * 100'000'000 + value_of_eight(bytes);
      at += 8;
    }
  }
  for (; at != end && is_digit(*at); ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
  return at;
}

/// The exponent behind `e`; false when it has no digits.
inline bool take_exponent(const char*& at, const char* end, ParsedNumber& number) noexcept {
  const bool minus = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  if (at == end || !is_digit(*at)) return false;
  int exponent = 0;
  for (; at != end && is_digit(*at); ++at) {
    if (exponent < absurd_exponent) exponent = exponent * 10 + (*at - '0');
  }
  if (exponent >= absurd_exponent) number.exact = false;
  number.exponent += minus ? -exponent : exponent;
  return true;
}

/// Whether more than 19 digits stand between the two, not counting leading zeros and the point.
inline bool too_many(const char* from, const char* to) noexcept {
  if (to - from <= 19) return false;
  while (from != to && (*from == '0' || *from == '.')) ++from;
  const bool point = std::memchr(from, '.', static_cast<std::size_t>(to - from)) != nullptr;
  return to - from - (point ? 1 : 0) > 19;
}

/// Checks the grammar and takes the number at `at` apart. Source: RFC 8259 section 6.
inline ParsedNumber parse_number(const char* at, const char* end) noexcept {
  ParsedNumber number;
  number.negative = at != end && *at == '-';
  if (number.negative) ++at;
  const char* const from = at;
  if (at == end || !is_digit(*at)) return number;
  if (*at == '0') {
    ++at;
  } else {
    at = take_digits(at, end, number.digits);
  }
  if (at != end && *at == '.') {
    number.integral = false;
    const char* const fraction = ++at;
    at = take_digits(at, end, number.digits);
    if (at == fraction) return number;
    const std::ptrdiff_t places = at - fraction;
    number.exact = places < absurd_exponent;
    number.exponent = number.exact ? -static_cast<int>(places) : 0;
  }
  if (too_many(from, at)) number.exact = false;
  if (at != end && (*at | 0x20) == 'e') {
    number.integral = false;
    ++at;
    if (!take_exponent(at, end, number)) return number;
  }
  number.end = at;
  return number;
}

/// The nearest double to digits * 10^exponent; false when this fast way cannot tell, and std::from_chars
/// must. Source: D. Lemire, "Number parsing at a gigabyte per second", 2021, with a 128 bit power rounded up.
inline bool to_double(const ParsedNumber& number, double& value) noexcept {
  if (!number.exact) return false;
  if (number.digits == 0) {
    value = number.negative ? -0.0 : 0.0;
    return true;
  }
  if (number.exponent < least_power || number.exponent > most_power) return false;
  const int zeros = std::countl_zero(number.digits);
  const std::uint64_t factor = number.digits << zeros;
  const Power& power = powers_of_ten[static_cast<std::size_t>(number.exponent - least_power)];
  const auto low = static_cast<std::uint64_t>(Wide{power.low} * factor >> 64);
  const Wide product = Wide{power.high} * factor + low;
  const auto high = static_cast<std::uint64_t>(product >> 64);
  const auto middle = static_cast<std::uint64_t>(product);

  // The product's 53 highest bits, and what is below them. The power was rounded up, so the true product is
  // at most 2 less in `middle`: only next to one half does that matter.
  const int below = 10 + static_cast<int>(high >> 63);
  const std::uint64_t rest = high & ((std::uint64_t{1} << below) - 1);
  const std::uint64_t half = std::uint64_t{1} << (below - 1);
  if (rest == half && middle <= 2) return false;
  std::uint64_t significand = (high >> below) + (rest >= half ? 1 : 0);
  int field = below + 1 + floor_log2_power10(number.exponent) - zeros + 1075;
  if (significand >> 53 != 0) {
    significand >>= 1;
    ++field;
  }
  if (field < 1 || field > 2046) return false;
  const std::uint64_t bits = static_cast<std::uint64_t>(number.negative) << 63 |
                             static_cast<std::uint64_t>(field) << 52 |
                             (significand & ((std::uint64_t{1} << 52) - 1));
  value = std::bit_cast<double>(bits);
  return true;
}

}  // namespace omnibus::schema::detail
