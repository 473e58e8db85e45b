#pragma once

#include <cstdint>

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

/// Checks the grammar and takes the number at `at` apart. Source: RFC 8259 section 6.
ParsedNumber parse_number(const char* at, const char* end) noexcept;

/// The nearest double to digits * 10^exponent; false when this fast way cannot tell, and std::from_chars
/// must. Source: D. Lemire, "Number parsing at a gigabyte per second", 2021, with a 128 bit power rounded up.
bool to_double(const ParsedNumber& number, double& value) noexcept;

}  // namespace omnibus::schema::detail
