#include "backends/embedded/log/syncer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace omnibus::embedded {

bool Syncer::confirm(std::uint64_t sequence, Completion& done) {
  if (control_.sync_error.load(std::memory_order_relaxed) != 0 && !never_) {
    const auto error = failed_before();
    done(&error);
    return false;
  }
  bool wake = false;
  if (!confirmed(sequence, wake)) {
    add(sequence, done);
    return true;
  }
  done(nullptr);
  return wake;
}

bool Syncer::confirmed(std::uint64_t sequence, bool& wake) {
  if (never_) return true;
  if (control_.sync_error.load(std::memory_order_relaxed) != 0) return false;
  if (durability_.level == Durability::Level::process) return true;
  if (control_.synced.load(std::memory_order_acquire) >= sequence) return true;
  if (durability_.level == Durability::Level::sync) return false;
  const auto now = Clock::now().time_since_epoch();
  Clock::rep since = 0;
  wake = unsynced_since_.compare_exchange_strong(since, now.count());
  // Where the sync is overdue, whoever sends more waits until it starts.
  return wake || now.count() - since <= durability_.interval.count();
}

void Syncer::add(std::uint64_t sequence, Completion& done) {
  const std::lock_guard guard(mutex_);
  waiting_.push_back({sequence, std::move(done)});
}

/// Removes those up to a sequence, in the order they came.
std::vector<Syncer::Waiting> Syncer::take(std::uint64_t upto) {
  const std::lock_guard guard(mutex_);
  std::vector<Waiting> taken;
  std::vector<Waiting> kept;
  for (auto& entry : waiting_) (entry.sequence <= upto ? taken : kept).push_back(std::move(entry));
  waiting_ = std::move(kept);
  return taken;
}

std::uint64_t Syncer::highest_waiting() const {
  const std::lock_guard guard(mutex_);
  std::uint64_t highest = 0;
  for (const auto& entry : waiting_) highest = std::max(highest, entry.sequence);
  return highest;
}

void Syncer::complete(std::vector<Waiting> waiting, const Error* error) {
  for (auto& entry : waiting) entry.done(error);
}

void Syncer::run() {
  if (never_) return;
  try {
    if (durability_.level == Durability::Level::group)
      run_group();
    else
      run_sync();
  } catch (const Error& error) {
    fail_all(error);
  }
}

TimePoint Syncer::next_due() const {
  const auto since = unsynced_since_.load();
  if (since == 0) return TimePoint::max();
  return TimePoint(Clock::duration(since)) + durability_.interval;
}

void Syncer::run_group() {
  const bool waiting = highest_waiting() != 0;
  if (!waiting && Clock::now() < next_due()) return;
  // From here on a confirmed frame counts for the next sync; all before it are covered by this one.
  unsynced_since_.store(0);
  complete(take(control_.end.load()), nullptr);
  write_out();
}

void Syncer::run_sync() {
  complete(take(control_.synced.load()), nullptr);
  if (highest_waiting() == 0) return;
  lead_or_follow();
  complete(take(control_.synced.load()), nullptr);
}

void Syncer::lead_or_follow() {
  const auto wanted = highest_waiting();
  const auto patience = deadline_after(follower_patience);
  while (control_.synced.load() < wanted) {
    const auto word = control_.sync_word.load();
    std::uint32_t leader = 0;
    const bool mine =
        control_.sync_leader.compare_exchange_strong(leader, leader_id_) || leader == leader_id_;
    if (mine || Clock::now() >= patience) return lead();
    futex_wait(control_.sync_word, word, patience);
  }
}

void Syncer::lead() {
  // A leader that was too slow finds that it is none any more; both syncs count.
  control_.sync_leader.store(leader_id_);
  auto resign = [this] {
    auto me = leader_id_;
    control_.sync_leader.compare_exchange_strong(me, 0);
    control_.sync_word.fetch_add(1);
    futex_wake_all(control_.sync_word);
  };
  try {
    write_out();
  } catch (...) {
    resign();
    throw;
  }
  resign();
}

void Syncer::sync_now() {
  if (never_) return;
  if (control_.sync_error.load() != 0) throw failed_before();
  write_out();
}

/// Syncs every segment that may hold frames above the mark.
void Syncer::write_out() {
  const auto target = control_.end.load(std::memory_order_acquire);
  const auto known = control_.synced.load();
  if (target <= known) return;
  const auto last = Tail::unpack(control_.tail.load()).segment;
  try {
    for (auto number = last; number >= 1 && number >= control_.oldest.load(); --number) {
      const auto segment = cache_.get(number);
      if (!segment) continue;
      if (number > folder_synced_.load()) {
        sync_directory(folder_.path());
        folder_synced_.store(last);
      }
      sync_data(segment->descriptor(), segment->path());
      if (segment->first() <= known + 1) break;
    }
  } catch (const Error& error) {
    // After a failed sync the kernel may have dropped the pages: nothing later may be confirmed on top.
    if (error.code() == ErrorCode::io || error.code() == ErrorCode::no_space) control_.sync_error.store(EIO);
    throw;
  }
  raise_synced(control_, target);
}

Error Syncer::failed_before() const {
  return {ErrorCode::io,
          "cannot confirm: a sync of the store in " + folder_.path().parent_path().string() + " failed",
          {.backend = "embedded",
           .native = std::strerror(static_cast<int>(control_.sync_error.load())),
           .hint = "stop every process that uses the store, check the disk, start again"}};
}

void Syncer::fail_all(const Error& error) {
  report_(std::string("store sync failed: ") + error.what());
  complete(take(~std::uint64_t{0}), &error);
}

void Syncer::finish() {
  if (never_) return;
  try {
    if (durability_.level != Durability::Level::process && control_.sync_error.load() == 0) write_out();
    complete(take(control_.synced.load()), nullptr);
    if (highest_waiting() != 0) fail_all(failed_before());
  } catch (const Error& error) {
    fail_all(error);
  }
}

}  // namespace omnibus::embedded
