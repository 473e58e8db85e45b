#include "backends/embedded/log/log_state.hpp"

#include <algorithm>
#include <limits>

namespace omnibus::embedded {
namespace {

MappedFile::Populate pages_for(const LogOptions& options) {
  // Where syncs come often they protect the pages again, and would write what was only made present.
  const bool unsynced = options.volatile_log || options.durability.level == Durability::Level::process;
  return unsynced ? MappedFile::Populate::writable : MappedFile::Populate::readable;
}

}  // namespace

Log::State::State(LogOptions given, Report told, Opened opened)
    : options(std::move(given)),
      report(std::move(told)),
      folder(std::move(opened.folder)),
      id(std::move(opened.id)),
      first(opened.first),
      leftover_blobs(std::move(opened.leftover_blobs)),
      locks(std::move(opened.locks)),
      control(std::move(opened.control)),
      segments(folder.log_path(), id, folder.file_mode()),
      cache(segments),
      members(*control, locks),
      self(members.join()),
      committer(*control, segments, cache, options, self.slot),
      reader(*control, cache, report),
      syncer(*control, segments, cache, options, report, self.slot),
      blobs(folder.blob_path(), folder.file_mode(),
            !options.volatile_log && options.durability.level != Durability::Level::process,
            options.volatile_log ? options.ring_bytes : 0),
      checkpoints(folder.path(), folder.file_mode()),
      background({.control = *control,
                  .folder = segments,
                  .cache = cache,
                  .committer = committer,
                  .syncer = syncer,
                  .members = members,
                  .report = report,
                  .slot = self.slot,
                  .pages = pages_for(options)}),
      fork_guard_([this] { forked_here(); }) {
  locks.unlock(LockFile::open_byte);
}

Log::State::~State() {
  if (forked()) return;
  background.stop();
  members.leave();
  if (options.volatile_log) clear_volatile();
}

/// The last member gives the memory back. The small files stay: an opener may already hold the lock file.
void Log::State::clear_volatile() noexcept {
  try {
    if (!locks.try_lock(LockFile::open_byte) || MemberTable::anybody(locks)) return;
    for (const auto number : segments.numbers()) remove_quietly(segments.path_of(number));
    for (const auto& blob : blobs.list()) blobs.remove(blob.id);
  } catch (const std::exception& error) {
    report(std::string("store ") + folder.path().string() + " was not cleared: " + error.what());
  }
}

void Log::State::forked_here() noexcept {
  // The descriptor is shared with the parent: as long as the child had it, the parent's death would not show.
  locks.abandon();
  background.abandon();
  forked_.store(true);
}

void Log::State::check_usable() const {
  if (forked())
    throw ClosedError("this store handle belongs to the parent process: open the store again after fork()");
}

bool Log::State::wait(std::uint64_t seen, TimePoint deadline, Duration spin) {
  auto passed = [&] { return control->end.load(std::memory_order_acquire) > seen; };
  if (spin > Duration::zero()) {
    const auto until = std::min(deadline, deadline_after(spin));
    while (!passed() && !interrupted.load(std::memory_order_relaxed) && Clock::now() < until) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  }
  for (;;) {
    const auto word = control->wake_word.load();
    if (passed()) return true;
    if (interrupted.exchange(false) || Clock::now() >= deadline) return passed();
    control->sleepers.fetch_or(sleeper_bit(self.slot));
    // Whoever wakes after this point finds the sleeper; whoever woke before it changed the word.
    if (!passed()) futex_wait(control->wake_word, word, deadline, sleeper_bit(self.slot));
  }
}

bool Log::State::write_checkpoint(std::uint64_t sequence, std::string_view bytes) {
  if (options.volatile_log) return false;
  const std::unique_lock mine(checkpoint_mutex_, std::try_to_lock);
  if (!mine || !locks.try_lock(LockFile::checkpoint_byte)) return false;
  struct Unlock {
    LockFile& locks;
    ~Unlock() { locks.unlock(LockFile::checkpoint_byte); }
  } const unlock{locks};
  if (checkpoints.newest_sequence() >= sequence) return false;
  // A checkpoint must never know more than the log has after a power cut.
  if (control->synced.load() < sequence) syncer.sync_now();
  checkpoints.store(sequence, bytes);
  return true;
}

std::vector<SegmentInfo> Log::State::list_segments() {
  std::vector<SegmentInfo> infos;
  const auto end = control->end.load();
  const auto last = Tail::unpack(control->tail.load()).segment;
  auto number = control->oldest.load();
  for (auto segment = cache.next(number - 1, last); segment; segment = cache.next(segment->number(), last)) {
    if (!infos.empty()) infos.back().last = segment->first() - 1;
    infos.push_back(
        {.number = segment->number(), .first = segment->first(), .last = end, .bytes = segment->size()});
  }
  return infos;
}

std::uint64_t Log::State::remove_before(std::uint64_t sequence) {
  const auto applied = members.lowest_applied();
  const auto limit =
      std::min(sequence, applied == std::numeric_limits<std::uint64_t>::max() ? applied : applied + 1);
  std::uint64_t freed = 0;
  for (const auto& info : list_segments()) {
    const bool newest = info.number == Tail::unpack(control->tail.load()).segment;
    if (newest || info.last >= limit) break;
    // First it is out of the readers' way, then it goes.
    auto oldest = control->oldest.load();
    while (oldest <= info.number && !control->oldest.compare_exchange_weak(oldest, info.number + 1)) {
    }
    remove_quietly(segments.path_of(info.number));
    cache.forget(info.number);
    freed += info.bytes;
  }
  return freed;
}

}  // namespace omnibus::embedded
