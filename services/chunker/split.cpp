#include "services/chunker/split.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <span>

#include <omnibus/error.hpp>

namespace omnibus::chunker {
namespace {

constexpr std::array<std::string_view, 4> separators{"\n\n", "\n", " ", ""};

constexpr bool continues(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Bytes of the code point that starts `text`, at least 1.
std::size_t first_code_point(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t expected = lead >= 0xF8 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  std::size_t bytes = 1;
  while (bytes < expected && bytes < text.size() && continues(text[bytes])) ++bytes;
  return bytes;
}

/// White space as Python's `str.strip` sees it.
constexpr bool is_space(std::uint32_t code) noexcept {
  return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

/// The code point in `bytes`, which are at most three when it is white space.
std::uint32_t decode(std::string_view bytes) noexcept {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]));
  };
  switch (bytes.size()) {
    case 1:
      return byte(0) < 0x80 ? byte(0) : 0xFFFD;
    case 2:
      return ((byte(0) & 0x1F) << 6) | (byte(1) & 0x3F);
    case 3:
      return ((byte(0) & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
    default:
      return 0xFFFD;
  }
}

std::string_view strip(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto bytes = first_code_point(text);
    if (!is_space(decode(text.substr(0, bytes)))) break;
    text.remove_prefix(bytes);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 3 && continues(text[start])) --start;
    if (!is_space(decode(text.substr(start)))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

/// Joins small pieces, which follow each other in the text, into chunks.
class Merger {
 public:
  Merger(const Limits& limits, std::vector<std::string>& out) : limits_(limits), out_(out) {}

  void add(std::string_view piece, std::size_t piece_length) {
    if (total_ + piece_length > limits_.size && !pieces_.empty()) {
      emit();
      while (total_ > limits_.overlap || (total_ + piece_length > limits_.size && total_ > 0)) {
        total_ -= pieces_.front().length;
        pieces_.pop_front();
      }
    }
    pieces_.push_back({piece, piece_length});
    total_ += piece_length;
  }

  /// Ends the chunk at hand; the next piece starts a new one without overlap.
  void finish() {
    if (!pieces_.empty()) emit();
    pieces_.clear();
    total_ = 0;
  }

 private:
  struct Piece {
    std::string_view text;
    std::size_t length;
  };

  void emit() {
    const auto* begin = pieces_.front().text.data();
    const auto* end = pieces_.back().text.data() + pieces_.back().text.size();
    const auto chunk = strip({begin, static_cast<std::size_t>(end - begin)});
    if (!chunk.empty()) out_.emplace_back(chunk);
  }

  const Limits& limits_;
  std::vector<std::string>& out_;
  std::deque<Piece> pieces_;
  std::size_t total_ = 0;
};

/// Bytes up to the next separator, which stays with what follows it; all when there is none.
std::size_t piece_end(std::string_view text, std::string_view separator) noexcept {
  if (separator.empty()) return first_code_point(text);
  const std::size_t from = text.starts_with(separator) ? separator.size() : 0;
  const auto found = text.find(separator, from);
  return found == std::string_view::npos ? text.size() : found;
}

void split(std::string_view text, std::span<const std::string_view> levels, const Limits& limits,
           std::vector<std::string>& out) {
  while (levels.size() > 1 && text.find(levels.front()) == std::string_view::npos) levels = levels.subspan(1);
  const auto separator = levels.front();
  const auto finer = levels.subspan(1);

  Merger merger(limits, out);
  while (!text.empty()) {
    const auto piece = text.substr(0, piece_end(text, separator));
    text.remove_prefix(piece.size());
    const auto piece_length = length(piece);
    if (piece_length < limits.size) {
      merger.add(piece, piece_length);
      continue;
    }
    merger.finish();
    if (finer.empty()) {
      out.emplace_back(piece);
    } else {
      split(piece, finer, limits, out);
    }
  }
  merger.finish();
}

}  // namespace

void validate(const Limits& limits) {
  if (limits.size == 0) throw ConfigError("chunk-size is 0", "give at least 1");
  if (limits.overlap >= limits.size) {
    throw ConfigError("chunk-overlap " + std::to_string(limits.overlap) + " is not below chunk-size " +
                          std::to_string(limits.size),
                      "chunks would never advance: lower the overlap or raise the size");
  }
}

std::vector<std::string> split_recursive(std::string_view text, const Limits& limits) {
  std::vector<std::string> out;
  split(text, separators, limits, out);
  return out;
}

std::size_t length(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += first_code_point(text.substr(at));
  return count;
}

}  // namespace omnibus::chunker
