#include <algorithm>

#include "backends/embedded/log/log_state.hpp"
#include "backends/embedded/log/recovery.hpp"

namespace omnibus::embedded {
namespace {

/// Recovering a large store takes its time; what waits longer than this waits for a stopped process.
constexpr Duration open_patience = std::chrono::seconds(30);

Recovered recover_store(const StoreFolder& folder, const std::string& id, const LogOptions& options,
                        const Report& report) {
  const SegmentFolder segments(folder.log_path(), id, folder.file_mode());
  const auto sizes = SegmentSizes::of(options);
  if (options.volatile_log) {
    const BlobFolder blobs(folder.blob_path(), folder.file_mode(), false, 0);
    for (const auto& blob : blobs.list()) blobs.remove(blob.id);
    return restart_empty(segments, sizes.first);
  }
  // Whoever made the folders inside may have died before that was on disk.
  sync_directory(folder.path());
  // A checkpoint was written after a sync, so its sequence is a mark too, whatever became of the rest of it.
  const auto intact = std::max(ControlFile::last_intact(folder.control_path(), id),
                               CheckpointFile(folder.path(), folder.file_mode()).newest_sequence());
  return recover({.segments = segments, .intact = intact, .first_segment = sizes.first, .report = report});
}

ControlFile start_first(const StoreFolder& folder, const std::string& id, const LogOptions& options,
                        const Report& report) {
  const auto recovered = recover_store(folder, id, options, report);
  auto control = ControlFile::create(folder.control_path(), id, folder.file_mode(), [&](Control& fresh) {
    fresh.tail.store(recovered.tail.pack());
    fresh.oldest.store(recovered.oldest);
    fresh.end.store(recovered.end);
    raise_synced(fresh, recovered.end);
  });
  return control;
}

}  // namespace

Opened open_store(const LogOptions& options, const Report& report) {
  if (!options.create) StoreFolder::require(options.directory);
  auto folder = StoreFolder::prepare(options.directory, options.permissions_like);
  auto locks = LockFile::open(folder.lock_path(), folder.file_mode());
  locks.lock(LockFile::open_byte, deadline_after(open_patience));
  // The lock on the open byte goes with `locks` when something below throws; State releases it once it has
  // joined.
  auto id = folder.load_or_create_id(options.volatile_log, report);
  const bool first = !MemberTable::anybody(locks);
  auto control =
      first ? start_first(folder, id, options, report) : ControlFile::open(folder.control_path(), id);
  std::vector<BlobFile> leftover;
  if (first) leftover = BlobFolder(folder.blob_path(), folder.file_mode(), false, 0).list();
  return {.folder = std::move(folder),
          .id = std::move(id),
          .locks = std::move(locks),
          .control = std::move(control),
          .first = first,
          .leftover_blobs = std::move(leftover)};
}

}  // namespace omnibus::embedded
