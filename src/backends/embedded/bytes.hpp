#pragma once

/// Little-endian base-128 numbers and length-prefixed text, appended to a string and read back.

#include <cstdint>
#include <string>
#include <string_view>

#include <omnibus/error.hpp>

namespace omnibus::embedded {

template <class Out>
void put_number(Out& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

template <class Out>
void put_text(Out& out, std::string_view text) {
  put_number(out, text.size());
  out.append(text);
}

/// Reads what the functions above wrote. Errors: corrupt; it never reads past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw Error(ErrorCode::corrupt, "stored data ends inside a number");
  }
  template <class T>
  T number_as() {
    return static_cast<T>(number());
  }
  std::string_view text() { return take(number()); }
  std::string_view take(std::uint64_t length) {
    if (length > bytes_.size()) throw Error(ErrorCode::corrupt, "stored data ends inside a text");
    const auto result = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return result;
  }
  std::string_view rest() const noexcept { return bytes_; }
  bool done() const noexcept { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

}  // namespace omnibus::embedded
