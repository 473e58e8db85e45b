#include "backends/mqtt/user_text.hpp"

#include <charconv>

namespace omnibus::mqtt {

bool is_unwelcome(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [text](std::size_t n) {
      return n < text.size() ? static_cast<unsigned char>(text[n]) : 0u;
    };
    const unsigned byte = at(i);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && at(i + 1) < 0xa0) return true;  // U+0080…U+009F
    if (byte == 0xef && at(i + 1) == 0xb7 && at(i + 2) >= 0x90 && at(i + 2) < 0xb0) return true;  // U+FDD0…
    if (byte == 0xef && at(i + 1) == 0xbf && at(i + 2) >= 0xbe) return true;  // U+FFFE, U+FFFF
    const bool last_plane_row = byte >= 0xf0 && (at(i + 1) & 0x0fu) == 0x0f && at(i + 2) == 0xbf;
    if (last_plane_row && at(i + 3) >= 0xbe) return true;  // U+1FFFE … U+10FFFF
  }
  return false;
}

std::string percent(char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  return {'%', digits[value >> 4], digits[value & 15]};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7f && c != '%') {
      out += c;
    } else {
      out += percent(c);
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace omnibus::mqtt
