#include "codec/shortest.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "codec/digits.hpp"
#include "codec/powers_of_ten.hpp"

namespace omnibus::schema::detail {

namespace {

__extension__ using Wide = unsigned __int128;

/// digits * 10^exponent
struct Decimal {
  std::uint64_t digits;
  int exponent;
};

/// The product's bits from 128 on, with the lowest one set when something below was lost ("round to odd").
std::uint64_t scale(const Power& power, std::uint64_t factor) noexcept {
  const auto low = static_cast<std::uint64_t>(Wide{power.low} * factor >> 64);
  const Wide high = Wide{power.high} * factor + low;
  return static_cast<std::uint64_t>(high >> 64) |
         static_cast<std::uint64_t>(static_cast<std::uint64_t>(high) > 1);
}

/// The shortest decimal within the rounding interval of significand * 2^exponent. `narrow`: the lower half of
/// the interval is half as wide, because the next smaller number has a smaller exponent.
Decimal shortest(std::uint64_t significand, int exponent, bool narrow) noexcept {
  const int k = narrow ? floor_log10_three_quarters_power2(exponent) : floor_log10_power2(exponent);
  const int shift = exponent + floor_log2_power10(-k) + 1;
  const Power& power = powers_of_ten[static_cast<std::size_t>(-k - least_power)];

  // Four times the value and its neighbours' midpoints, in units of 10^k.
  const std::uint64_t middle = significand << 2;
  const std::uint64_t value = scale(power, middle << shift);
  const std::uint64_t odd = significand & 1;  // an odd significand does not own its midpoints
  const std::uint64_t lower = scale(power, (middle - 2 + (narrow ? 1 : 0)) << shift) + odd;
  const std::uint64_t upper = scale(power, (middle + 2) << shift) - odd;

  // Selections rather than branches: which of them holds is a coin toss.
  const std::uint64_t digits = value / 4;
  const std::uint64_t fewer = digits / 10;
  const bool fewer_below = lower <= 40 * fewer;
  const bool fewer_above = 40 * fewer + 40 <= upper;
  const bool below = lower <= 4 * digits;
  const bool above = 4 * digits + 4 <= upper;
  const std::uint64_t half = 4 * digits + 2;
  const bool nearest_is_up = value > half || (value == half && (digits & 1) != 0);
  const std::uint64_t full = digits + ((below != above ? above : nearest_is_up) ? 1 : 0);
  const std::uint64_t rounded = 10 * (fewer + (fewer_above ? 1 : 0));
  const bool one_fits = digits >= 10 && fewer_below != fewer_above;
  return {one_fits ? rounded : full, k};
}

/// The same for all but a few: one product, whose fraction is held against half the distance of neighbours.
/// False when a comparison is too close to call, or the significand has not all its bits.
bool shortest_fast(std::uint64_t significand, int exponent, Decimal& decimal) noexcept {
  const int k = floor_log10_power2(exponent);
  const int shift = exponent + floor_log2_power10(-k) + 1;  // 1 to 4
  const Power& power = powers_of_ten[static_cast<std::size_t>(-k - least_power)];
  const std::uint64_t factor = significand << shift;
  const auto low = static_cast<std::uint64_t>(Wide{power.low} * factor >> 64);
  const Wide product = Wide{power.high} * factor + low;
  const auto whole = static_cast<std::uint64_t>(product >> 64);  // in units of 10^k
  const auto fraction = static_cast<std::uint64_t>(product);

  // In units of 2^-60 * 10^k. Both are at most 2 off; the interval reaches 0.5 to 5 units to each side.
  constexpr std::uint64_t ten = std::uint64_t{10} << 60;
  const std::uint64_t last_digit = whole % 10;
  const std::uint64_t above =
      last_digit << 60 | fraction >> 4;  // how far above the next lower multiple of ten
  const std::uint64_t reach = power.high >> (5 - shift);
  constexpr std::uint64_t margin = 8;
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  const bool close = (above - reach + margin < 2 * margin) | (ten - above - reach + margin < 2 * margin) |
                     (fraction - half + margin < 2 * margin);
  if (close) return false;
  const bool down = above < reach;
  const bool up = ten - above < reach;
  const std::uint64_t rounded = whole - last_digit + (up ? 10 : 0);
  decimal = {down | up ? rounded : whole + (fraction >> 63), k};
  return true;
}

char* write_exponent(char* to, int exponent) noexcept {
  *to++ = 'e';
  if (exponent < 0) {
    *to++ = '-';
    exponent = -exponent;
  }
  const auto magnitude = static_cast<std::uint32_t>(exponent);
  const unsigned count = magnitude < 10 ? 1 : magnitude < 100 ? 2 : 3;
  write_digits(to, magnitude, count);
  return to + count;
}

/// Moves up to 16 bytes one place back to make room for the point.
void insert_point(char* at) noexcept {
  char rest[16];
  std::memcpy(rest, at, sizeof rest);
  std::memcpy(at + 1, rest, sizeof rest);
  *at = '.';
}

/// As Python writes it: positional from 1e-4 on and below 1e16.
char* layout(char* to, const Decimal& number) noexcept {
  const unsigned given = number.digits >= decimal_powers[15]
                             ? 16 + (number.digits >= decimal_powers[16] ? 1 : 0)
                             : count_digits(number.digits);
  const int point = static_cast<int>(given) + number.exponent;  // digits before the decimal point
  const SeventeenDigits digits(number.digits * decimal_powers[17 - given]);
  const int count = digits.significant();
  if (point <= 0 && point > -4) {
    std::memcpy(to, "0.000", 5);
    to += 2 - point;
    digits.store(to);
    return to + count;
  }
  digits.store(to);
  if (point > 0 && point <= 16) {
    if (point < count) {
      insert_point(to + point);
      return to + count + 1;
    }
    std::memcpy(to + point, ".0", 2);
    return to + point + 2;
  }
  if (count > 1) {
    insert_point(to + 1);
    ++to;
  }
  return write_exponent(to + count, point - 1);
}

/// Bits: the unsigned integer of the type's size.
template <class Bits, class Float>
char* write(char* to, Float value) noexcept {
  constexpr int fraction_bits = std::numeric_limits<Float>::digits - 1;
  constexpr int bias = std::numeric_limits<Float>::max_exponent - 1 + fraction_bits;
  const auto bits = std::bit_cast<Bits>(value);
  const Bits fraction = bits & ((Bits{1} << fraction_bits) - 1);
  const auto field = static_cast<int>(bits << 1 >> (fraction_bits + 1));
  *to = '-';
  to += bits >> (sizeof(Bits) * 8 - 1);
  if (field == 0 && fraction == 0) {
    std::memcpy(to, "0.0", 3);
    return to + 3;
  }
  const std::uint64_t significand = field == 0 ? fraction : fraction | Bits{1} << fraction_bits;
  const int exponent = (field == 0 ? 1 : field) - bias;
  if (exponent <= 0 && exponent >= -fraction_bits) {
    const std::uint64_t whole = significand >> -exponent;
    if (whole << -exponent == significand) {
      const unsigned count = count_digits(whole);
      write_digits(to, whole, count);
      std::memcpy(to + count, ".0", 2);
      return to + count + 2;
    }
  }
  const bool narrow = fraction == 0 && field > 1;
  Decimal decimal;
  if (narrow || field == 0 || sizeof(Bits) < 8 || !shortest_fast(significand, exponent, decimal)) {
    decimal = shortest(significand, exponent, narrow);
  }
  return layout(to, decimal);
}

}  // namespace

char* write_shortest(char* to, double value) noexcept { return write<std::uint64_t>(to, value); }
char* write_shortest(char* to, float value) noexcept { return write<std::uint32_t>(to, value); }

}  // namespace omnibus::schema::detail
