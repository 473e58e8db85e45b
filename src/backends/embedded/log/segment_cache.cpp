#include "backends/embedded/log/segment_cache.hpp"

namespace omnibus::embedded {

std::shared_ptr<Segment> SegmentCache::get(std::uint64_t number) {
  const std::lock_guard guard(mutex_);
  auto& known = known_[number];
  if (auto segment = known.lock()) return segment;
  auto segment = Segment::open(folder_.path_of(number));
  known = segment;
  if (segment) {
    recent_[next_recent_] = segment;
    next_recent_ = (next_recent_ + 1) % recent_.size();
  }
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  return segment;
}

std::shared_ptr<Segment> SegmentCache::readable(std::uint64_t number) {
  try {
    return get(number);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt) return nullptr;
    throw;
  }
}

std::shared_ptr<Segment> SegmentCache::next(std::uint64_t number, std::uint64_t last) {
  if (number >= last) return nullptr;
  if (auto segment = readable(number + 1)) return segment;
  for (const auto other : folder_.numbers()) {
    if (other <= number + 1 || other > last) continue;
    if (auto segment = readable(other)) return segment;
  }
  return nullptr;
}

void SegmentCache::forget(std::uint64_t number) {
  const std::lock_guard guard(mutex_);
  known_.erase(number);
  for (auto& segment : recent_) {
    if (segment && segment->number() == number) segment.reset();
  }
}

}  // namespace omnibus::embedded
