#pragma once

/// Powers of ten to 128 bits, computed at compile time.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace omnibus::schema::detail {

struct Power {
  std::uint64_t high;
  std::uint64_t low;
};

inline constexpr int least_power = -292;
inline constexpr int most_power = 324;

/// floor(log2(10^k)), exact for the powers of the table.
constexpr int floor_log2_power10(int k) noexcept { return (k * 1741647) >> 19; }
/// floor(log10(2^q)) and floor(log10(3/4 * 2^q)), exact for the exponents of doubles.
constexpr int floor_log10_power2(int q) noexcept {
  return static_cast<int>((std::int64_t{q} * 1262611) >> 22);
}
constexpr int floor_log10_three_quarters_power2(int q) noexcept {
  return static_cast<int>((std::int64_t{q} * 1262611 - 524031) >> 22);
}

/// An unsigned integer of 832 bits, least significant word first: holds 5^324, and 2^831 / 5^292 with 128
/// bits to spare.
class WideInteger {
 public:
  constexpr void set_bit(std::size_t bit) { words_[bit / 32] |= std::uint32_t{1} << bit % 32; }
  constexpr void multiply_by_5() {
    std::uint64_t carry = 0;
    for (auto& word : words_) {
      carry += std::uint64_t{word} * 5;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  /// Rounds down; whether something was lost is remembered. Rounding down at each step equals doing so once.
  constexpr void divide_by_5() {
    std::uint64_t rest = 0;
    for (std::size_t i = words_.size(); i-- > 0;) {
      rest = rest << 32 | words_[i];
      words_[i] = static_cast<std::uint32_t>(rest / 5);
      rest %= 5;
    }
    inexact_ = inexact_ || rest != 0;
  }
  /// The highest 128 bits, rounded up.
  constexpr Power top() const {
    std::size_t last = words_.size() - 1;
    while (words_[last] == 0) --last;
    const int shift = std::countl_zero(words_[last]);
    std::array<std::uint32_t, 4> part{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint64_t pair = std::uint64_t{word(last, i)} << 32 | word(last, i + 1);
      part[i] = static_cast<std::uint32_t>(pair << shift >> 32);
    }
    bool more = inexact_ || static_cast<std::uint32_t>(word(last, 4) << shift) != 0;
    for (std::size_t i = 5; i <= last; ++i) more = more || word(last, i) != 0;
    Power power{std::uint64_t{part[0]} << 32 | part[1], std::uint64_t{part[2]} << 32 | part[3]};
    if (more && ++power.low == 0) ++power.high;
    return power;
  }

 private:
  constexpr std::uint32_t word(std::size_t last, std::size_t down) const {
    return down > last ? 0 : words_[last - down];
  }

  std::array<std::uint32_t, 26> words_{};
  bool inexact_ = false;
};

constexpr auto make_powers() {
  std::array<Power, most_power - least_power + 1> powers{};
  WideInteger up;
  up.set_bit(0);
  for (int k = 0; k <= most_power; ++k, up.multiply_by_5())
    powers[static_cast<std::size_t>(k - least_power)] = up.top();
  WideInteger down;
  down.set_bit(831);
  for (int k = -1; k >= least_power; --k) {
    down.divide_by_5();
    powers[static_cast<std::size_t>(k - least_power)] = down.top();
  }
  return powers;
}

/// 10^k, k from least_power, scaled so that the highest bit is set, rounded up.
inline constexpr auto powers_of_ten = make_powers();

}  // namespace omnibus::schema::detail
