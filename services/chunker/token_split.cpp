#include "services/chunker/token_split.hpp"

#include <algorithm>

#include "services/tokens/utf8.hpp"

namespace omnibus::chunker {

std::vector<std::string> split_tokens(std::string_view text, const Limits& limits,
                                      const tokens::Encoding& encoding) {
  const auto whole = tokens::with_replacements(text);
  const auto all = encoding.encode(whole);
  const auto begin_of = [&](std::size_t token) { return token == 0 ? 0 : all[token - 1].end; };
  std::vector<std::string> out;
  for (std::size_t first = 0; first < all.size(); first += limits.size - limits.overlap) {
    const auto last = std::min(first + limits.size, all.size());
    const auto begin = begin_of(first);
    out.push_back(tokens::with_replacements(std::string_view(whole).substr(begin, begin_of(last) - begin)));
    if (last == all.size()) break;
  }
  return out;
}

}  // namespace omnibus::chunker
