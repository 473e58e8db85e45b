#pragma once

/// The one thread of a log: syncs, prepares segments, removes dropped ones, watches members. Started by the
/// first work. Threads: wake, watch and stop from any.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "backends/embedded/log/committer.hpp"
#include "backends/embedded/log/members.hpp"
#include "backends/embedded/log/syncer.hpp"

namespace omnibus::embedded {

class Background {
 public:
  static constexpr Duration member_look = std::chrono::milliseconds(250);

  struct Parts {
    Control& control;
    const SegmentFolder& folder;
    SegmentCache& cache;
    Committer& committer;
    Syncer& syncer;
    MemberTable& members;
    const Report& report;
    std::uint32_t slot;
    MappedFile::Populate pages;
  };
  explicit Background(Parts parts);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// There is work; starts the thread when it is the first.
  void wake();
  void watch(std::function<void(const Member&)> gone);
  void track(const MemberId& member);
  /// Finishes what waits and ends the thread. Idempotent.
  void stop() noexcept;
  /// In the child of a fork the thread does not exist: forgets it.
  void abandon() noexcept;

 private:
  void run();
  void wait();
  void work();
  void look_after_members();
  void prepare();
  void make_next(const Segment& tail, std::uint64_t number);
  void remove_dropped();

  Parts parts_;
  FileDescriptor event_;
  std::atomic<bool> signalled_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> watching_{false};

  std::mutex mutex_;  // guards thread_ and tracked_
  std::unique_ptr<std::thread> thread_;
  std::vector<MemberId> tracked_;

  // On the thread only, but for gone_, which is set before watching_.
  std::function<void(const Member&)> gone_;
  MemberWatch watch_;
  std::vector<pollfd> descriptors_;
  TimePoint next_look_{};
  std::uint64_t prepared_ = 0;  // the segment whose start was populated
  std::uint64_t removed_below_ = 0;
};

}  // namespace omnibus::embedded
