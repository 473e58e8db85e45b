#include <omnibus/store.hpp>

#include "backends/embedded/clock.hpp"
#include "backends/embedded/log_journal.hpp"
#include "backends/embedded/parameters.hpp"
#include "backends/embedded/statistics.hpp"

namespace omnibus {

StoreContents read_store(const std::filesystem::path& directory) {
  using namespace embedded;
  LogOptions options;
  options.directory = directory;
  options.create = false;
  options.durability = {.level = Durability::Level::process};
  LogJournal journal(std::move(options), Parameters().checkpoint_interval);
  State state(journal.self());
  Effects effects;
  journal.restore(state, effects);

  StoreContents contents;
  const auto& log = journal.log();
  contents.id = log.store_id();
  for (const auto& segment : log.segments()) {
    contents.segments.push_back({segment.number, segment.first, segment.last, segment.bytes});
  }
  for (const auto& blob : log.blobs()) {
    ++contents.blobs;
    contents.blob_bytes += blob.length;
  }
  const auto now = wall_clock();
  for (const auto& [id, queue] : state.queues()) {
    if (!queue.best_effort) contents.queues["q1/" + queue.name] = statistics_of(state, queue, now);
  }
  return contents;
}

}  // namespace omnibus
