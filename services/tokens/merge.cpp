#include <limits>
#include <queue>
#include <tuple>

#include "services/tokens/encoding.hpp"

namespace omnibus::tokens {
namespace {

constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

/// A word as a chain of parts, each known by the byte where it begins.
class Chain {
 public:
  Chain(std::string_view word, const Vocabulary& vocabulary)
      : word_(word), vocabulary_(vocabulary), next_(word.size()), before_(word.size()) {
    for (std::size_t at = 0; at < word.size(); ++at) {
      next_[at] = at + 1;
      before_[at] = at == 0 ? nowhere : at - 1;
    }
    for (std::size_t at = 0; at + 1 < word.size(); ++at) propose(at);
  }

  void merge_all() {
    while (!pairs_.empty()) {
      const auto [rank, left, end] = pairs_.top();
      pairs_.pop();
      // A part that has gone, or a pair whose right half has grown or gone, is out of date.
      if (next_[left] == nowhere || next_[left] == word_.size() || next_[next_[left]] != end) continue;
      const auto right = next_[left];
      next_[left] = end;
      next_[right] = nowhere;
      if (end < word_.size()) before_[end] = left;
      propose(left);
      if (before_[left] != nowhere) propose(before_[left]);
    }
  }

  void append(std::size_t begin, std::vector<Token>& out) const {
    for (std::size_t at = 0; at < word_.size(); at = next_[at]) {
      out.push_back({*vocabulary_.rank(word_.substr(at, next_[at] - at)), begin + next_[at]});
    }
  }

 private:
  using Pair = std::tuple<std::uint32_t, std::size_t, std::size_t>;  // rank, begin, end

  void propose(std::size_t left) {
    if (next_[left] == word_.size()) return;
    const auto end = next_[next_[left]];
    if (const auto rank = vocabulary_.rank(word_.substr(left, end - left))) pairs_.push({*rank, left, end});
  }

  const std::string_view word_;
  const Vocabulary& vocabulary_;
  std::vector<std::size_t> next_, before_;
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> pairs_;
};

}  // namespace

void merge(std::string_view word, std::size_t begin, const Vocabulary& vocabulary, std::vector<Token>& out) {
  if (const auto whole = vocabulary.rank(word)) {
    out.push_back({*whole, begin + word.size()});
    return;
  }
  Chain chain(word, vocabulary);
  chain.merge_all();
  chain.append(begin, out);
}

}  // namespace omnibus::tokens
