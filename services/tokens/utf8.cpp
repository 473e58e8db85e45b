#include "services/tokens/utf8.hpp"

#include <algorithm>

namespace omnibus::tokens {
namespace {

unsigned at(std::string_view bytes, std::size_t place) { return static_cast<unsigned char>(bytes[place]); }

struct Lead {
  std::size_t length;    // of the sequence; 0: starts none
  unsigned least, most;  // its second byte
};

Lead lead_of(unsigned byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2 || byte > 0xF4) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte < 0xF0) return {3, byte == 0xE0 ? 0xA0U : 0x80U, byte == 0xED ? 0x9FU : 0xBFU};
  return {4, byte == 0xF0 ? 0x90U : 0x80U, byte == 0xF4 ? 0x8FU : 0xBFU};
}

/// How many bytes of the sequence are there and right.
std::size_t present(std::string_view bytes, const Lead& lead) {
  std::size_t count = 1;
  while (count < std::min(lead.length, bytes.size())) {
    const auto byte = at(bytes, count);
    const bool right = count == 1 ? byte >= lead.least && byte <= lead.most : (byte & 0xC0) == 0x80;
    if (!right) break;
    ++count;
  }
  return count;
}

}  // namespace

std::string with_replacements(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto lead = lead_of(at(bytes, 0));
    const auto count = present(bytes, lead);
    out += lead.length == count ? bytes.substr(0, count) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(count);
  }
  return out;
}

}  // namespace omnibus::tokens
