#pragma once

/// Puts the log on disk and confirms. One sync serves all that wait, of every process: whoever syncs first is
/// the leader, the others wait for the shared mark, but never longer than 50 ms.
/// Threads: confirm and sync_now from any; run, next_due and finish on the background thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/log/segment_cache.hpp"
#include "backends/embedded/log/store_folder.hpp"

namespace omnibus::embedded {

class Syncer {
 public:
  static constexpr Duration follower_patience = std::chrono::milliseconds(50);

  Syncer(Control& control, const SegmentFolder& folder, SegmentCache& cache, const LogOptions& options,
         const Report& report, std::uint32_t slot)
      : control_(control),
        folder_(folder),
        cache_(cache),
        durability_(options.durability),
        never_(options.volatile_log),
        report_(report),
        leader_id_(slot + 1) {}

  /// True when the background thread has to look; `done` may have run.
  bool confirm(std::uint64_t sequence, Completion& done);
  /// Whether it is confirmed now; sets `wake` when the background thread has to look.
  bool confirmed(std::uint64_t sequence, bool& wake);
  void sync_now();

  /// Syncs what is due and runs completions.
  void run();
  /// When run() has to be called next; TimePoint::max() when nothing waits for the clock.
  TimePoint next_due() const;
  /// Confirms everything that waits, syncing once more where the durability asks for syncs at all.
  void finish();

 private:
  struct Waiting {
    std::uint64_t sequence;
    Completion done;
  };

  void add(std::uint64_t sequence, Completion& done);
  std::vector<Waiting> take(std::uint64_t upto);
  std::uint64_t highest_waiting() const;
  void run_sync();
  void run_group();
  void lead_or_follow();
  void lead();
  void fail_all(const Error& error);
  void write_out();
  Error failed_before() const;
  static void complete(std::vector<Waiting> waiting, const Error* error);

  Control& control_;
  const SegmentFolder& folder_;
  SegmentCache& cache_;
  const Durability durability_;
  const bool never_;
  const Report& report_;
  const std::uint32_t leader_id_;

  mutable std::mutex mutex_;  // guards waiting_
  std::vector<Waiting> waiting_;
  /// Level::group: when the oldest frame was confirmed that no started sync covers, 0 for none.
  std::atomic<Clock::rep> unsynced_since_{0};
  std::atomic<std::uint64_t> folder_synced_{0};  ///< segments up to here have a durable name
};

}  // namespace omnibus::embedded
