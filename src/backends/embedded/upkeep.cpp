#include "backends/embedded/upkeep.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <vector>

#include <omnibus/log.hpp>

#include "backends/embedded/snapshot.hpp"

namespace omnibus::embedded {
namespace {

/// A closing member always writes a checkpoint of at most this size.
constexpr std::uint64_t small_checkpoint = std::uint64_t{1} << 20;

Error beginning_is_missing(const Log& log, std::uint64_t replay_from, std::uint64_t first) {
  return {ErrorCode::corrupt,
          "the store in " + log.options().directory.string() + " cannot be restored: its log begins at " +
              std::to_string(first) + ", replay has to begin at " + std::to_string(replay_from) +
              ", and no checkpoint in between can be read",
          {.backend = "embedded",
           .hint = "bring back the file `checkpoint` from a copy, or move the directory away to begin anew"}};
}

}  // namespace

void Upkeep::note(const Known& checkpoint, std::uint64_t size) {
  newest_ = checkpoint;
  size_ = size;
  wanted_growth_ = std::max(interval_, 2 * size);
}

std::uint64_t Upkeep::restore(State& state) {
  auto checkpoint = log_.checkpoint();
  const auto sequence = checkpoint ? checkpoint->sequence : 0;
  const auto segments = log_.segments();
  if (!segments.empty() && segments.front().first > sequence + 1) {
    throw beginning_is_missing(log_, sequence + 1, segments.front().first);
  }
  if (!checkpoint) return 0;
  const auto bytes = std::make_shared<const std::string>(std::move(checkpoint->bytes));
  Snapshot::decode(bytes, state);
  note({sequence, Snapshot::oldest_segment(*bytes)}, bytes->size());
  return sequence;
}

void Upkeep::remove_leftovers(const State& state) {
  if (log_.leftover_blobs().empty()) return;
  std::unordered_set<BlobId> named;
  for (const auto& [id, queue] : state.queues()) {
    if (queue.best_effort) continue;
    const auto bodies = queue.messages.bodies();
    named.insert(bodies.begin(), bodies.end());
  }
  for (const auto& blob : log_.leftover_blobs()) {
    if (!named.contains(blob.id)) log_.remove_blob(blob.id);
  }
}

bool Upkeep::due_at_close() const {
  if (growth_ == 0) return false;
  if (due()) return true;
  return (size_ <= small_checkpoint || growth_ >= size_ / 4) && log_.members().size() == 1;
}

void Upkeep::look_at_disk() {
  const auto checkpoint = log_.checkpoint();
  if (!checkpoint) return;
  const auto known = newest_ ? newest_->sequence : 0;
  note({checkpoint->sequence, Snapshot::oldest_segment(checkpoint->bytes)}, checkpoint->bytes.size());
  const auto end = log_.end();
  if (checkpoint->sequence > known && end > known) {
    // Somebody else wrote it: what is behind it counts on, by its share of the frames.
    const auto behind = end > checkpoint->sequence ? end - checkpoint->sequence : 0;
    const std::uint64_t growth = growth_;
    growth_ -= growth - growth / (end - known) * behind;
  }
}

Upkeep::Draft Upkeep::draft(const State& state, std::uint64_t sequence) const {
  Draft draft{.sequence = sequence, .bytes = {}, .growth = growth_};
  draft.bytes = Snapshot::encode(state, draft.use);
  return draft;
}

bool Upkeep::write(const Draft& draft) {
  if (!log_.write_checkpoint(draft.sequence, draft.bytes)) return false;
  growth_ -= draft.growth;
  const auto before = newest_;
  note({draft.sequence, Snapshot::oldest_segment(draft.bytes)}, draft.bytes.size());
  // A start must be possible from either of the two files.
  if (before) log_.remove_before(std::min(first_needed(*before), first_needed(*newest_)));
  return true;
}

bool Upkeep::remove_unneeded() {
  const auto checkpoints = log_.checkpoints();
  if (checkpoints.size() < 2) return true;
  auto needed = std::numeric_limits<std::uint64_t>::max();
  for (const auto& checkpoint : checkpoints) {
    needed =
        std::min(needed, first_needed({checkpoint.sequence, Snapshot::oldest_segment(checkpoint.bytes)}));
  }
  log_.remove_before(needed);
  const auto left = log_.segments();
  return left.size() < 2 || left.front().last >= needed;
}

std::uint64_t Upkeep::first_needed(const Known& checkpoint) const {
  for (const auto& segment : log_.segments()) {
    if (segment.number >= checkpoint.oldest_segment) return std::min(checkpoint.sequence + 1, segment.first);
  }
  return checkpoint.sequence + 1;
}

std::size_t Upkeep::discard(BlobId blob, std::uint64_t mark) {
  {
    const std::lock_guard lock(mutex_);
    doomed_.emplace_back(mark, blob);
  }
  return sweep();
}

std::size_t Upkeep::sweep() {
  std::vector<BlobId> gone;
  std::size_t left = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto synced = log_.synced();
    std::erase_if(doomed_, [&](const auto& entry) {
      if (entry.first > synced) return false;
      gone.push_back(entry.second);
      return true;
    });
    left = doomed_.size();
  }
  for (const auto blob : gone) log_.remove_blob(blob);
  return left;
}

}  // namespace omnibus::embedded
