#include "apps/demo/tally.hpp"

#include <algorithm>

namespace omnibus::demo {
namespace {

/// The smallest value that at least `share` of all do not exceed.
Duration percentile(std::vector<Duration>& values, double share) {
  if (values.empty()) return Duration::zero();
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

void Tally::expect(const std::string& document, const std::vector<std::string>& chunks) {
  const std::scoped_lock lock(mutex_);
  auto& expectation = documents_[document];
  for (const auto& chunk : chunks) ++expectation.chunks[chunk];
  expected_ += chunks.size();
  missing_ += chunks.size();
}

void Tally::loaded(const std::string& document, TimePoint when) {
  const std::scoped_lock lock(mutex_);
  documents_[document].loaded = when;
  first_ = std::min(first_, when);
  ++loaded_;
}

void Tally::arrived(const std::string& document, std::string_view chunk, TimePoint when) {
  const std::scoped_lock lock(mutex_);
  ++arrived_;
  last_ = std::max(last_, when);
  const auto expectation = documents_.find(document);
  if (expectation == documents_.end()) {
    ++foreign_;
    return;
  }
  const auto left = expectation->second.chunks.find(std::string(chunk));
  if (left == expectation->second.chunks.end()) {
    ++foreign_;
    return;
  }
  if (left->second-- <= 0) {
    ++duplicated_;
    return;
  }
  --missing_;
  latencies_.push_back(when - std::min(when, expectation->second.loaded));
}

Tally::Report Tally::report() const {
  const std::scoped_lock lock(mutex_);
  auto latencies = latencies_;
  return {.documents = loaded_,
          .expected = expected_,
          .arrived = arrived_,
          .lost = missing_,
          .duplicated = duplicated_,
          .foreign = foreign_,
          .elapsed = last_ > first_ ? last_ - first_ : Duration::zero(),
          .p50 = percentile(latencies, 0.50),
          .p99 = percentile(latencies, 0.99)};
}

std::size_t Tally::missing() const {
  const std::scoped_lock lock(mutex_);
  return missing_;
}

}  // namespace omnibus::demo
