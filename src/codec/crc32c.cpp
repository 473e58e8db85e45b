#include "codec/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/// CRC-32C with the polynomial 0x1EDC6F41, reflected. Source: RFC 3720 appendix B.4 (its test vectors are in
/// the tests).

namespace omnibus::codec {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected

/// tables[k][b]: the CRC of byte b followed by k zero bytes.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> result{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    result[0][byte] = crc;
  }
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 1; k < 8; ++k) {
      const auto previous = result[k - 1][byte];
      result[k][byte] = (previous >> 8) ^ result[0][previous & 0xFF];
    }
  }
  return result;
}();

std::uint64_t load(const char* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Slicing by 8, for processors without the instruction.
std::uint32_t software(std::uint32_t crc, const char* data, std::size_t size) noexcept {
  for (; size >= 8; data += 8, size -= 8) {
    const auto word = load(data) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= tables[7 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; size > 0; ++data, --size)
    crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(*data)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t hardware(std::uint32_t crc, const char* data,
                                                         std::size_t size) noexcept {
  std::uint64_t wide = crc;
  for (; size >= 8; data += 8, size -= 8) wide = _mm_crc32_u64(wide, load(data));
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; size > 0; ++data, --size) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*data));
  return narrow;
}
#endif

using Function = std::uint32_t (*)(std::uint32_t, const char*, std::size_t) noexcept;

Function choose() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return hardware;
#endif
  return software;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) noexcept {
  static const Function function = choose();
  return ~function(~seed, bytes.data(), bytes.size());
}

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed) noexcept {
  return ~software(~seed, bytes.data(), bytes.size());
}

}  // namespace omnibus::codec
