#include "backends/embedded/log/background.hpp"

#include <algorithm>
#include <cerrno>

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's own, for pthread_sigmask
#include <sys/eventfd.h>
#include <unistd.h>

namespace omnibus::embedded {

Background::Background(Parts parts) : parts_(parts), watch_(parts.members, parts.control) {
  event_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_) throw system_error("make", "an eventfd", errno);
}

Background::~Background() { stop(); }

void Background::wake() {
  if (signalled_.exchange(true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
  const std::lock_guard guard(mutex_);
  if (thread_ || stopping_.load()) return;
  // The program's signals are not for this thread.
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGBUS);
  sigdelset(&all, SIGSEGV);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::make_unique<std::thread>([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Background::watch(std::function<void(const Member&)> gone) {
  gone_ = std::move(gone);
  watching_.store(true);
  wake();
}

void Background::track(const MemberId& member) {
  {
    const std::lock_guard guard(mutex_);
    tracked_.push_back(member);
  }
  wake();
}

void Background::stop() noexcept {
  if (stopping_.exchange(true)) return;
  std::unique_ptr<std::thread> thread;
  {
    const std::lock_guard guard(mutex_);
    thread = std::move(thread_);
  }
  if (thread) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
    thread->join();
  }
  parts_.syncer.finish();
}

void Background::abandon() noexcept {
  stopping_.store(true);
  // Joining or detaching a thread that this process does not have is undefined; its object is left alone.
  [[maybe_unused]] auto* const lost = thread_.release();
}

void Background::run() {
  while (!stopping_.load()) {
    wait();
    // Read first: who signals in between finds signalled_ set, and its work is seen below.
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event_.get(), &count, sizeof count);
    signalled_.store(false);
    if (!stopping_.load()) work();
  }
}

void Background::wait() {
  auto until = parts_.syncer.next_due();
  if (watching_.load()) until = std::min(until, next_look_);
  int timeout = -1;
  if (until != TimePoint::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  descriptors_.assign(1, {.fd = event_.get(), .events = POLLIN, .revents = 0});
  watch_.add_descriptors(descriptors_);
  const int ready = ::poll(descriptors_.data(), descriptors_.size(), timeout);
  const bool ended = std::any_of(descriptors_.begin() + 1, descriptors_.end(),
                                 [](const pollfd& entry) { return entry.revents != 0; });
  if (ready > 0 && ended) next_look_ = TimePoint{};
}

void Background::work() {
  try {
    parts_.syncer.run();
    prepare();
    remove_dropped();
    look_after_members();
  } catch (const std::exception& error) {
    parts_.report(std::string("store background work failed: ") + error.what());
  }
}

void Background::look_after_members() {
  if (!watching_.load()) return;
  std::vector<MemberId> tracked;
  {
    const std::lock_guard guard(mutex_);
    tracked.swap(tracked_);
  }
  for (const auto& member : tracked) watch_.track(member);
  if (tracked.empty() && Clock::now() < next_look_) return;
  next_look_ = deadline_after(member_look);
  for (const auto& member : watch_.refresh()) gone_(member);
}

/// Populates the pages ahead of the tail, and makes the next segment when this one is half full.
void Background::prepare() {
  const auto tail = Tail::unpack(parts_.control.tail.load());
  const auto segment = parts_.cache.get(tail.segment);
  if (!segment) return;
  if (parts_.committer.wants_pages(tail, segment->size())) {
    const auto until = std::min(tail.offset + Committer::populate_window, segment->size());
    segment->mapped()->populate(tail.offset, until - tail.offset, parts_.pages);
    parts_.committer.populated(tail.segment, until);
  }
  if (tail.offset >= segment->size() / 2 && prepared_ <= tail.segment) make_next(*segment, tail.segment + 1);
}

void Background::make_next(const Segment& tail, std::uint64_t number) {
  prepared_ = number;
  try {
    parts_.folder.create(number, parts_.committer.sizes().after(tail.size()), parts_.slot);
  } catch (const Error& error) {
    // The append that needs it tries again and tells its caller.
    if (error.code() == ErrorCode::no_space) return;
    throw;
  }
  const auto next = parts_.cache.get(number);
  if (!next) return;
  next->mapped()->populate(0, Committer::populate_window, parts_.pages);
  // The log may have moved on while this was made, and the number may have been used and removed: then this
  // one is never taken into use.
  if (Tail::unpack(parts_.control.tail.load()).segment >= number && next->first() == 0) {
    remove_quietly(next->path());
    parts_.cache.forget(number);
  }
}

void Background::remove_dropped() {
  const auto oldest = parts_.control.oldest.load();
  if (removed_below_ >= oldest) return;
  for (const auto number : parts_.folder.numbers()) {
    if (number >= oldest) break;
    remove_quietly(parts_.folder.path_of(number));
    parts_.cache.forget(number);
  }
  removed_below_ = oldest;
}

}  // namespace omnibus::embedded
