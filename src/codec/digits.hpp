#pragma once

/// Decimal digits, two at a time.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

}  // namespace omnibus::schema::detail
