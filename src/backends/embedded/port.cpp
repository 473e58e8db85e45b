#include "backends/embedded/port.hpp"

#include <algorithm>

namespace omnibus::embedded {

void TakenBack::add(Sequence sequence, std::uint64_t epoch) {
  if (ring_.size() < most) {
    ring_.emplace_back(sequence, epoch);
    return;
  }
  ring_[oldest_] = {sequence, epoch};
  oldest_ = (oldest_ + 1) % most;
}

bool TakenBack::contains(Sequence sequence, std::uint64_t epoch) const noexcept {
  return std::find(ring_.begin(), ring_.end(), std::pair(sequence, epoch)) != ring_.end();
}

}  // namespace omnibus::embedded
