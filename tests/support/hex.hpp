#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace omnibus::support {

/// The bytes that hexadecimal digits tell; spaces between them are passed over.
inline std::string bytes(std::string_view hex) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const auto value = digits.find(c);
    if (value == std::string_view::npos)
      throw std::invalid_argument("no hexadecimal digits: " + std::string(hex));
    if (high >= 0) out += static_cast<char>(high << 4 | static_cast<int>(value));
    high = high >= 0 ? -1 : static_cast<int>(value);
  }
  if (high >= 0) throw std::invalid_argument("an odd number of digits: " + std::string(hex));
  return out;
}

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += {digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]};
  }
  return out;
}

}  // namespace omnibus::support
