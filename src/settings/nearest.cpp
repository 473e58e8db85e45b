#include <algorithm>
#include <numeric>
#include <omnibus/settings.hpp>

namespace omnibus {

namespace {

/// Levenshtein distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 100;  // nobody mistypes more, and the cost is quadratic
  if (word.empty() || word.size() > longest) return std::nullopt;
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const auto far = distance(word, candidate);
    if (far < best_distance && far < candidate.size()) {
      best_distance = far;
      best = &candidate;
    }
  }
  // A beginning is a hint too: "conf" for "config-svc".
  if (best == nullptr && word.size() >= 3) {
    const auto begins = std::find_if(candidates.begin(), candidates.end(), [&](const std::string& candidate) {
      return candidate.starts_with(word);
    });
    if (begins != candidates.end()) best = &*begins;
  }
  return best != nullptr ? std::optional(*best) : std::nullopt;
}

}  // namespace omnibus
