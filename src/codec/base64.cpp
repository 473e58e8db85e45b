#include <omnibus/base64.hpp>

#include <array>
#include <cstdint>

namespace omnibus::base64 {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Two output characters for each 12 bits of input.
constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return table;
}();

constexpr std::uint32_t invalid = 1u << 24;

/// For each of four places, a character's bits already shifted; `invalid` for others.
constexpr auto places = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (auto& place : table) place.fill(invalid);
  for (std::uint32_t i = 0; i < alphabet.size(); ++i) {
    const auto c = static_cast<unsigned char>(alphabet[i]);
    for (std::uint32_t place = 0; place < 4; ++place) table[place][c] = i << (18 - 6 * place);
  }
  return table;
}();

std::uint32_t quad(const unsigned char* in) {
  return places[0][in[0]] | places[1][in[1]] | places[2][in[2]] | places[3][in[3]];
}

/// The last group, which may be padded. False when it is malformed.
bool decode_tail(const unsigned char* in, std::string& out) {
  const int padding = in[3] != '=' ? 0 : (in[2] != '=' ? 1 : 2);
  const std::array<unsigned char, 4> whole{in[0], in[1],
                                           padding == 2 ? static_cast<unsigned char>('A') : in[2],
                                           padding >= 1 ? static_cast<unsigned char>('A') : in[3]};
  const auto bits = quad(whole.data());
  if ((bits & invalid) != 0) return false;
  if ((padding == 1 && (bits & 0xFF) != 0) || (padding == 2 && (bits & 0xFFFF) != 0)) return false;
  out.push_back(static_cast<char>(bits >> 16));
  if (padding < 2) out.push_back(static_cast<char>(bits >> 8));
  if (padding < 1) out.push_back(static_cast<char>(bits));
  return true;
}

}  // namespace

std::string encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  char* to = out.data();
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, in += 3, to += 4) {
    const auto bits = static_cast<std::uint32_t>(in[0] << 16 | in[1] << 8 | in[2]);
    const auto& high = pairs[bits >> 12];
    const auto& low = pairs[bits & 0xFFF];
    to[0] = high[0], to[1] = high[1], to[2] = low[0], to[3] = low[1];
  }
  if (left > 0) {
    const auto bits = static_cast<std::uint32_t>(in[0] << 16 | (left == 2 ? in[1] << 8 : 0));
    to[0] = alphabet[bits >> 18], to[1] = alphabet[bits >> 12 & 63];
    if (left == 2) to[2] = alphabet[bits >> 6 & 63];
  }
  return out;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return out;
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t whole = text.size() / 4 - 1;
  out.reserve((whole + 1) * 3);
  out.resize(whole * 3);
  char* to = out.data();
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < whole; ++i, in += 4, to += 3) {
    const auto bits = quad(in);
    seen |= bits;
    to[0] = static_cast<char>(bits >> 16), to[1] = static_cast<char>(bits >> 8),
    to[2] = static_cast<char>(bits);
  }
  if ((seen & invalid) != 0 || !decode_tail(in, out)) return std::nullopt;
  return out;
}

}  // namespace omnibus::base64
