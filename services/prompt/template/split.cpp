#include "services/prompt/template/split.hpp"

#include "services/prompt/template/value.hpp"

namespace omnibus::prompt {
namespace {

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Behind the quoted part that starts at `at`; `at` itself when none does.
std::size_t behind_quotes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '\'') return at;
  for (auto i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return at;
}

/// Behind `word` and the blanks around it, when both stand at `at`; else `at`.
std::size_t behind_word(std::string_view text, std::size_t at, std::string_view word) {
  auto i = at;
  while (i < text.size() && blank(text[i])) ++i;
  if (i == at || text.substr(i, word.size()) != word) return at;
  const auto behind = i += word.size();
  while (i < text.size() && blank(text[i])) ++i;
  return i == behind ? at : i;
}

/// Cuts where `behind(at)` is past `at`.
template <class Behind>
std::vector<std::string> split(std::string_view text, Behind behind) {
  std::vector<std::string> out(1);
  for (std::size_t at = 0; at < text.size();) {
    if (const auto quoted = behind_quotes(text, at); quoted > at) {
      out.back() += text.substr(at, quoted - at);
      at = quoted;
    } else if (const auto next = behind(at); next > at) {
      out.emplace_back();
      at = next;
    } else {
      out.back() += text[at++];
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> split_at(std::string_view text, char delimiter) {
  auto out = split(text, [&](std::size_t at) { return text[at] == delimiter ? at + 1 : at; });
  for (auto& piece : out) piece = std::string(trimmed(piece));
  return out;
}

std::vector<std::string> split_at(std::string_view text, std::string_view word, std::string_view sign) {
  return split(text, [&](std::size_t at) {
    return text.substr(at, sign.size()) == sign ? at + sign.size() : behind_word(text, at, word);
  });
}

std::vector<std::string> split_choice(std::string_view text) {
  std::string signs;
  auto out = split(text, [&](std::size_t at) {
    const auto sign = text.substr(at, 2);
    if (sign != "??" && sign != "::") return at;
    signs += sign;
    return at + 2;
  });
  return signs == "??::" ? out : std::vector<std::string>{};
}

}  // namespace omnibus::prompt
