#pragma once

/// The parts of an open log, in the order in which they are made.

#include <atomic>
#include <mutex>
#include <string>

#include "backends/embedded/log/background.hpp"
#include "backends/embedded/log/committer.hpp"
#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/fork_registry.hpp"
#include "backends/embedded/log/lock_file.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/log/members.hpp"
#include "backends/embedded/log/reader.hpp"
#include "backends/embedded/log/segment_cache.hpp"
#include "backends/embedded/log/store_folder.hpp"
#include "backends/embedded/log/syncer.hpp"

namespace omnibus::embedded {

/// What opening found out, made under the open lock.
struct Opened {
  StoreFolder folder;
  std::string id;
  LockFile locks;
  ControlFile control;
  bool first = false;
  std::vector<BlobFile> leftover_blobs;
};
Opened open_store(const LogOptions& options, const Report& report);

class Log::State {
 public:
  State(LogOptions given, Report told, Opened opened);
  ~State();

  /// Errors: closed in the child of a fork.
  void check_usable() const;
  bool forked() const noexcept { return forked_.load(std::memory_order_relaxed); }
  /// Waits on the wake word until it changes; see Log::wait.
  bool wait(std::uint64_t seen, TimePoint deadline, Duration spin);
  bool write_checkpoint(std::uint64_t sequence, std::string_view bytes);
  std::vector<SegmentInfo> list_segments();
  std::uint64_t remove_before(std::uint64_t sequence);

  const LogOptions options;
  const Report report;
  const StoreFolder folder;
  const std::string id;
  const bool first;
  const std::vector<BlobFile> leftover_blobs;
  LockFile locks;
  ControlFile control;
  SegmentFolder segments;
  SegmentCache cache;
  MemberTable members;
  const MemberId self;
  Committer committer;
  Reader reader;
  Syncer syncer;
  BlobFolder blobs;
  CheckpointFile checkpoints;
  Background background;
  std::atomic<bool> interrupted{false};

 private:
  void forked_here() noexcept;
  void clear_volatile() noexcept;

  std::mutex checkpoint_mutex_;  // the file lock does not tell threads of one handle apart
  std::atomic<bool> forked_{false};
  ForkGuard fork_guard_;
};

}  // namespace omnibus::embedded
