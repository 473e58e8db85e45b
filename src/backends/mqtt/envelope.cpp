#include "backends/mqtt/envelope.hpp"

#include <cstdint>

namespace omnibus::mqtt {
namespace {

using namespace std::string_view_literals;
constexpr std::string_view mark = "\0omnibus\1"sv;

void put_count(std::string& out, std::size_t count) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((count >> shift) & 0xff);
}

void put_text(std::string& out, std::string_view text) {
  put_count(out, text.size());
  out += text;
}

std::optional<std::size_t> take_count(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t count = 0;
  for (std::size_t i = 0; i < 4; ++i) count = (count << 8) | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  return count;
}

std::optional<std::string_view> take_text(std::string_view& bytes) {
  const auto size = take_count(bytes);
  if (!size || *size > bytes.size()) return std::nullopt;
  const auto text = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return text;
}

}  // namespace

bool is_marked(std::string_view payload) noexcept { return payload.starts_with(mark); }

std::string wrap(const driver::Outgoing& message) {
  std::string out(mark);
  put_text(out, message.key);
  put_count(out, message.properties.size());
  for (const auto& [key, value] : message.properties) {
    put_text(out, key);
    put_text(out, value);
  }
  out += message.payload;
  return out;
}

std::optional<Unwrapped> unwrap(std::string_view bytes) {
  if (!bytes.starts_with(mark)) return std::nullopt;
  bytes.remove_prefix(mark.size());
  Unwrapped out;
  const auto key = take_text(bytes);
  const auto count = key ? take_count(bytes) : std::nullopt;
  if (!count) return std::nullopt;
  out.key = *key;
  for (std::size_t i = 0; i < *count; ++i) {
    const auto name = take_text(bytes);
    const auto value = name ? take_text(bytes) : std::nullopt;
    if (!value) return std::nullopt;
    out.properties.set(*name, *value);
  }
  out.payload = bytes;
  return out;
}

}  // namespace omnibus::mqtt
