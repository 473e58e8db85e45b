#include "services/tokens/vocabulary.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <unordered_set>

#include <omnibus/base64.hpp>
#include <omnibus/error.hpp>

namespace omnibus::tokens {
namespace {

constexpr const char* advice = "give a file in tiktoken's format, one 'base64 rank' a line";
constexpr int bytes = 256;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t out = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return out;
}

}  // namespace

Vocabulary::Vocabulary(std::istream& lines, const std::string& name) {
  std::unordered_set<std::uint32_t> seen;
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto place = name + " line " + std::to_string(++count);
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const auto blank = line.find(' ');
    const auto token = base64::decode(std::string_view(line).substr(0, blank));
    const auto rank =
        blank == std::string::npos ? std::nullopt : number(std::string_view(line).substr(blank + 1));
    if (!token || token->empty()) throw ConfigError(place + " does not begin with a token in base64", advice);
    if (!rank) throw ConfigError(place + " does not end with a rank", advice);
    if (!seen.insert(*rank).second) {
      throw ConfigError(place + " repeats the rank " + std::to_string(*rank), advice);
    }
    longest_ = std::max(longest_, token->size());
    if (!ranks_.emplace(*token, *rank).second) throw ConfigError(place + " repeats a token", advice);
  }
  for (int byte = 0; byte < bytes; ++byte) {
    if (!rank(std::string(1, static_cast<char>(byte)))) {
      throw ConfigError(name + " has no token for the byte " + std::to_string(byte),
                        "the file is not complete; every single byte must be a token");
    }
  }
}

Vocabulary Vocabulary::load(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw ConfigError("cannot read the vocabulary " + path + ": " + std::strerror(errno));
  return {file, "vocabulary " + path};
}

std::optional<std::uint32_t> Vocabulary::rank(std::string_view text) const {
  if (text.size() > longest_) return std::nullopt;
  const auto found = ranks_.find(text);
  if (found == ranks_.end()) return std::nullopt;
  return found->second;
}

}  // namespace omnibus::tokens
