#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>

namespace omnibus::pulsar {

inline void append_u32(std::string& out, std::uint32_t value) {
  const char bytes[4] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                         static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(bytes, sizeof bytes);
}

inline void put_u32(char* to, std::uint32_t value) noexcept {
  to[0] = static_cast<char>(value >> 24);
  to[1] = static_cast<char>(value >> 16);
  to[2] = static_cast<char>(value >> 8);
  to[3] = static_cast<char>(value);
}

/// Reads big-endian numbers and parts of known length from the front of `bytes`. Errors: ProtocolError when
/// they are not there.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view left() const noexcept { return bytes_; }
  bool starts_with(std::string_view prefix) const noexcept { return bytes_.starts_with(prefix); }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) throw ProtocolError("a length points behind the end of its frame");
    const auto part = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return part;
  }
  std::uint32_t u32() {
    const auto part = take(4);
    std::uint32_t value = 0;
    for (const char c : part) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
  }

 private:
  std::string_view bytes_;
};

}  // namespace omnibus::pulsar
