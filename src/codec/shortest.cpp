#include "codec/shortest.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

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
[[gnu::noinline, gnu::cold]] Decimal shortest(std::uint64_t significand, int exponent, bool narrow) noexcept {
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
[[gnu::always_inline]] inline bool shortest_fast(std::uint64_t significand, int exponent,
                                                 Decimal& decimal) noexcept {
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
  decimal = {(down || up) ? rounded : whole + (fraction >> 63), k};
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

/// Copies a literal without its zero; returns its end.
template <std::size_t Size>
[[gnu::always_inline]] inline char* put(char* to, const char (&literal)[Size]) noexcept {
  std::memcpy(to, literal, Size - 1);
  return to + Size - 1;
}

/// Moves up to 16 bytes one place back to make room for the point.
void insert_point(char* at) noexcept {
  char rest[16];
  std::memcpy(rest, at, sizeof rest);
  std::memcpy(at + 1, rest, sizeof rest);
  *at = '.';
}

/// Seventeen digits, the first not zero, with the decimal point behind the first `point` of them. As Python
/// lays them out: positional from 1e-4 on and below 1e16.
[[gnu::always_inline]] inline char* layout(char* to, std::uint64_t seventeen, int point) noexcept {
  const SeventeenDigits digits(seventeen);
  const int count = digits.significant();
  if (point <= 0 && point > -4) {
    put(to, "0.000");
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
    return put(to + point, ".0");
  }
  if (count > 1) {
    insert_point(to + 1);
    ++to;
  }
  return write_exponent(to + count, point - 1);
}

/// A float taken apart: significand * 2^exponent.
template <class Float>
struct Parts {
  using Bits = std::conditional_t<sizeof(Float) == 8, std::uint64_t, std::uint32_t>;
  static constexpr int fraction_bits = std::numeric_limits<Float>::digits - 1;
  static constexpr int bias = std::numeric_limits<Float>::max_exponent - 1 + fraction_bits;

  explicit Parts(Float value) noexcept
      : bits(std::bit_cast<Bits>(value)),
        fraction(bits & ((Bits{1} << fraction_bits) - 1)),
        field(static_cast<int>(bits << 1 >> (fraction_bits + 1))) {}
  bool negative() const noexcept { return bits >> (sizeof(Bits) * 8 - 1) != 0; }
  /// The next smaller number has a smaller exponent.
  bool narrow() const noexcept { return fraction == 0 && field > 1; }
  std::uint64_t significand() const noexcept {
    return field == 0 ? std::uint64_t{fraction} : fraction | std::uint64_t{1} << fraction_bits;
  }
  int exponent() const noexcept { return (field == 0 ? 1 : field) - bias; }

  Bits bits;
  Bits fraction;
  int field;
};

/// Any finite number but those that write_fast knows.
template <class Float>
[[gnu::noinline]] char* write_any(char* to, Float value) noexcept {
  const Parts<Float> parts(value);
  *to = '-';
  to += parts.negative() ? 1 : 0;
  if (parts.field == 0 && parts.fraction == 0) {
    return put(to, "0.0");
  }
  const int exponent = parts.exponent();
  if (exponent <= 0 && exponent >= -parts.fraction_bits) {
    const std::uint64_t whole = parts.significand() >> -exponent;
    if (whole << -exponent == parts.significand()) {
      const unsigned count = count_digits(whole);
      write_digits(to, whole, count);
      return put(to + count, ".0");
    }
  }
  const Decimal number = shortest(parts.significand(), exponent, parts.narrow());
  const unsigned count = count_digits(number.digits);
  return layout(to, number.digits * decimal_powers[17 - count], static_cast<int>(count) + number.exponent);
}

/// Nearly every double that is no integer.
[[gnu::always_inline]] inline char* write_fast(char* to, double value) noexcept {
  const Parts<double> parts(value);
  const int exponent = parts.exponent();
  const bool ordinary = parts.fraction != 0 && parts.field != 0;
  const bool whole = exponent < 0 && exponent >= -52 && (parts.significand() << (64 + exponent)) == 0;
  Decimal number;
  if (!ordinary || whole || !shortest_fast(parts.significand(), exponent, number))
    return write_any(to, value);
  *to = '-';
  to += parts.negative() ? 1 : 0;
  const bool seventeen = number.digits >= decimal_powers[16];  // or sixteen, never fewer
  return layout(to, seventeen ? number.digits : 10 * number.digits, number.exponent + (seventeen ? 17 : 16));
}

}  // namespace

char* write_shortest(char* to, double value) noexcept { return write_fast(to, value); }
char* write_shortest(char* to, float value) noexcept { return write_any(to, value); }

std::size_t write_shortest_list(char*& to, std::span<const double> list) noexcept {
  char* at = to;
  std::size_t done = 0;
  for (; done < list.size(); ++done) {
    if (!std::isfinite(list[done])) break;
    at = write_fast(at, list[done]);
    *at++ = ',';
  }
  to = at;
  return done;
}

}  // namespace omnibus::schema::detail
