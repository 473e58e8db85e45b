#include "backends/embedded/cleaner.hpp"

#include <algorithm>
#include <tuple>

#include "backends/embedded/frame_reader.hpp"

namespace omnibus::embedded {
namespace {

/// Bytes copied in one step, while others wait.
constexpr std::size_t step = std::size_t{64} << 10;

}  // namespace

std::uint64_t Cleaner::choose(const SegmentUse& use, std::uint64_t share) const {
  const auto segments = log_.segments();
  std::uint64_t last = 0, bytes = 0, live = 0;
  for (std::size_t at = 0; at + 1 < segments.size(); ++at) {
    const auto used = use.find(segments[at].number);
    bytes += segments[at].bytes;
    if (used != use.end()) live += used->second;
    if (live <= bytes / share) last = segments[at].number;
  }
  return last;
}

/// In the order of the log, so that each frame is read once.
std::vector<Cleaner::Entry> Cleaner::find(std::uint64_t last) const {
  std::vector<Entry> found;
  engine_.look([&](const State& state) {
    for (const auto& [id, queue] : state.queues()) {
      if (queue.best_effort) continue;
      queue.messages.for_each_in(last, [&, id = id](Sequence sequence, const StoredMessage& message) {
        const auto& place = message.content;
        found.push_back({{place.segment, place.frame}, {id, sequence}, place.size});
      });
    }
  });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.position.segment, a.position.offset) < std::tie(b.position.segment, b.position.offset);
  });
  return found;
}

/// From the disk, before others have to wait for it.
void Cleaner::fetch(const Entry& entry) const noexcept {
  try {
    static_cast<void>(log_.read_at(entry.position));
  } catch (const Error&) {
    // The engine will find it damaged too.
  }
}

Cleaner::Copied Cleaner::empty(std::uint64_t last, const Progress& progress) const {
  const auto found = find(last);
  std::uint64_t total = 0;
  for (const auto& entry : found) total += entry.size;
  FrameReader frames([this](FramePosition position) { return log_.read_at(position); });
  Copied copied;
  std::vector<Stored> batch;
  for (std::size_t at = 0, filled = 0; at < found.size(); ++at) {
    if (batch.empty() || found[at].position != found[at - 1].position) fetch(found[at]);
    batch.push_back(found[at].stored);
    filled += found[at].size;
    copied.bytes += found[at].size;
    if (filled < step && at + 1 < found.size()) continue;
    copied.lost += engine_.move(batch, last, [&frames](const Content& place) { return frames.read(place); });
    copied.messages += batch.size();
    batch.clear();
    filled = 0;
    if (!progress(copied.bytes, total)) break;
  }
  copied.messages -= copied.lost;
  return copied;
}

}  // namespace omnibus::embedded
