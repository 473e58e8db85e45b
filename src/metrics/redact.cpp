#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include <omnibus/metrics.hpp>

namespace omnibus {
namespace {

constexpr std::string_view hidden = "***";

/// Secret as a whole word of a name ("api_key", but neither "keyspace" nor "max_tokens").
constexpr std::array<std::string_view, 8> secret_words = {"key",        "pwd",  "token", "auth",
                                                          "credential", "pass", "jwt",   "sas"};
/// Secret wherever it stands in a name.
constexpr std::array<std::string_view, 6> secret_parts = {"password", "passwd",      "secret",
                                                          "apikey",   "credentials", "passphrase"};

bool suggests_secret(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto part : secret_parts) {
    if (lower.find(part) != std::string::npos) return true;
  }
  for (std::size_t begin = 0; begin <= lower.size();) {
    const auto end = std::min(lower.find_first_of("_-. ", begin), lower.size());
    const auto word = std::string_view(lower).substr(begin, end - begin);
    if (std::find(secret_words.begin(), secret_words.end(), word) != secret_words.end()) return true;
    begin = end + 1;
  }
  return false;
}

/// Replaces what stands before the last '@' of the authority at `begin`.
void hide_user(std::string& text, std::size_t begin) {
  const auto end = std::min(text.find_first_of("/?# ,\"'", begin), text.size());
  const auto at = end == begin ? std::string::npos : text.rfind('@', end - 1);
  if (at != std::string::npos && at > begin) text.replace(begin, at - begin, hidden);
}

/// Replaces the values of secret parameters: `?token=x&…`.
void hide_parameters(std::string& text) {
  for (auto mark = text.find_first_of("?&"); mark != std::string::npos;
       mark = text.find_first_of("?&", mark + 1)) {
    const auto equals = text.find_first_of("=?&# ", mark + 1);
    if (equals == std::string::npos || text[equals] != '=') continue;
    if (!suggests_secret(std::string_view(text).substr(mark + 1, equals - mark - 1))) continue;
    const auto end = std::min(text.find_first_of("&# ,\"'", equals + 1), text.size());
    text.replace(equals + 1, end - equals - 1, hidden);
  }
}

}  // namespace

std::string redacted(std::string_view name, std::string_view value) {
  if (value.empty() || value == "None") return std::string(value);
  if (suggests_secret(name)) return std::string(hidden);
  std::string text(value);
  bool url = false;
  for (auto scheme = text.find("://"); scheme != std::string::npos; scheme = text.find("://", scheme + 3)) {
    url = true;
    hide_user(text, scheme + 3);
  }
  if (url) hide_parameters(text);
  return text;
}

}  // namespace omnibus
