#include "backends/embedded/log/committer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace omnibus::embedded {
namespace {

int lock_within(pthread_mutex_t& mutex, Duration wait) {
#if defined(__SANITIZE_THREAD__)
  // The sanitizer of this compiler does not know pthread_mutex_clocklock.
  constexpr clockid_t clock = CLOCK_REALTIME;
#else
  constexpr clockid_t clock = CLOCK_MONOTONIC;
#endif
  timespec until{};
  ::clock_gettime(clock, &until);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  until.tv_sec += seconds.count();
  until.tv_nsec += (wait - seconds).count();
  if (until.tv_nsec >= 1'000'000'000) {
    until.tv_nsec -= 1'000'000'000;
    ++until.tv_sec;
  }
#if defined(__SANITIZE_THREAD__)
  return pthread_mutex_timedlock(&mutex, &until);
#else
  return pthread_mutex_clocklock(&mutex, clock, &until);
#endif
}

/// Many times as long as a process that runs holds the lock.
constexpr Duration shortest_wait = std::chrono::milliseconds(10);
constexpr std::size_t page = 4096;
constexpr std::size_t smallest_segment = 4 * page;
constexpr std::size_t largest_segment = std::size_t{64} << 20;

}  // namespace

SegmentSizes SegmentSizes::of(const LogOptions& options) {
  auto sane = [](std::size_t size) {
    return std::clamp((size + page - 1) / page * page, smallest_segment, largest_segment);
  };
  SegmentSizes sizes{.first = sane(options.first_segment), .max = sane(options.max_segment), .ring = 0};
  if (options.volatile_log) {
    sizes.ring = std::max<std::uint64_t>(options.ring_bytes, 4 * smallest_segment);
    // A quarter at most, so that dropping one segment leaves most of the ring.
    sizes.max = std::min(sizes.max, sane(static_cast<std::size_t>(sizes.ring / 4)));
  }
  sizes.max = std::max(sizes.max, sizes.first);
  return sizes;
}

void Committer::lock(Duration waited) {
  acquire(waited);
  control_.holder_pid.store(pid_, std::memory_order_relaxed);
  try {
    if (control_.repair.load() != 0) repair();
    if (const int error = static_cast<int>(control_.sync_error.load()); error != 0)
      throw Error(ErrorCode::io,
                  "cannot write to the store in " + options_.directory.string() +
                      ": an earlier sync failed, what was written since may be lost",
                  {.backend = "embedded",
                   .native = std::strerror(error),
                   .hint = "stop every process that uses the store, check the disk, start again"});
  } catch (...) {
    unlock();
    throw;
  }
}

void Committer::acquire(Duration waited) {
  int result = pthread_mutex_trylock(&control_.commit);
  if (result == EBUSY) {
    const auto left = std::max(options_.lock_wait - waited, std::min(options_.lock_wait, shortest_wait));
    result = lock_within(control_.commit, left);
  }
  if (result == 0) return;
  if (result == EOWNERDEAD) {
    // Noted before the lock is made consistent: if this process dies here too, the next one still repairs.
    control_.repair.store(1);
    pthread_mutex_consistent(&control_.commit);
    return;
  }
  if (result != ETIMEDOUT)
    throw Error(ErrorCode::internal, std::string("cannot lock the store: ") + std::strerror(result));
  const auto holder = std::to_string(control_.holder_pid.load(std::memory_order_relaxed));
  throw Error(ErrorCode::unavailable,
              "cannot write to the store in " + options_.directory.string() + ": process " + holder +
                  " has held its commit lock for too long",
              {.retryable = true,
               .backend = "embedded",
               .hint = "it may be stopped; continue it (kill -CONT " + holder + ") or end it"});
}

void Committer::unlock() noexcept { pthread_mutex_unlock(&control_.commit); }

/// The dead holder may have stored a frame's length, and with it committed the frame, without moving the end
/// or the tail. Nothing else of what it left matters: the next append overwrites it.
void Committer::repair() {
  auto tail = Tail::unpack(control_.tail.load());
  const auto& segment = tail_segment(tail.segment);
  for (;;) {
    const auto end = control_.end.load();
    const auto header = decode_frame_header(segment.bytes(), segment.seed(), tail.offset);
    if (!header || (header->sequence != end && header->sequence != end + 1)) break;
    const auto payload = payload_of(segment.bytes(), tail.offset, *header);
    if (crc32c(payload, frame_seed(segment.seed(), tail.offset)) != header->payload_crc) break;
    control_.end.store(header->sequence);
    tail.offset += frame_size(header->length);
    control_.tail.store(tail.pack());
  }
  control_.repair.store(0);
}

Segment& Committer::tail_segment(std::uint64_t number) {
  if (!tail_ || tail_->number() != number) {
    auto segment = cache_.get(number);
    if (!segment)
      throw Error(ErrorCode::io,
                  "cannot write to the store: " + folder_.path_of(number).string() + " is gone",
                  {.backend = "embedded"});
    tail_ = std::move(segment);
  }
  return *tail_;
}

FrameView Committer::append(std::span<const std::string_view> parts, Log::Room room) {
  std::size_t length = 0;
  for (const auto part : parts) length += part.size();
  const auto limit = std::min(max_frame_size, sizes_.first - first_frame_offset) - frame_header_size;
  if (length == 0 || length > limit)
    throw Error(ErrorCode::too_large, "a frame of " + std::to_string(length) +
                                          " bytes cannot be stored, 1 to " + std::to_string(limit) + " can");
  auto tail = Tail::unpack(control_.tail.load(std::memory_order_relaxed));
  const auto size = frame_size(length);
  const auto capacity = tail_segment(tail.segment).size();
  // The next one is made in the background long before this; where it cannot be, the rest is not for all.
  if (room == Log::Room::spare && made_ <= tail.segment && tail.offset + size > capacity - capacity / 4)
    make_next_segment(tail.segment + 1);
  if (tail.offset + size > capacity) start_next_segment(tail);
  if (tail.offset + size > tail_->size())
    throw Error(ErrorCode::too_large,
                "a frame of " + std::to_string(length) +
                    " bytes does not fit into a segment that another process made",
                {.backend = "embedded", .hint = "open the store with the same segment sizes everywhere"});
  auto frame = write(tail, parts, static_cast<std::uint32_t>(length));
  if (wants_pages(tail, tail_->size())) hungry_ = true;
  return frame;
}

FrameView Committer::write(const Tail& tail, std::span<const std::string_view> parts, std::uint32_t length) {
  const auto& segment = *tail_;
  const auto size = frame_size(length);
  char* const at = segment.data() + tail.offset;
  const auto seed = frame_seed(segment.seed(), tail.offset);
  FrameHeader header{.length = length,
                     .magic = frame_magic,
                     .sequence = control_.end.load(std::memory_order_relaxed) + 1,
                     .synced = control_.synced.load(std::memory_order_relaxed),
                     .payload_crc = seed,
                     .crc = 0};
  char* to = at + frame_header_size;
  for (const auto part : parts) {
    std::memcpy(to, part.data(), part.size());
    header.payload_crc = crc32c(part, header.payload_crc);
    to += part.size();
  }
  std::memset(to, 0, static_cast<std::size_t>(at + size - to));
  header.crc = header_crc(header, seed);
  header.length = 0;
  std::memcpy(at, &header, sizeof header);
  step("frame-written");
  // What an earlier writer left behind this frame when it died must not look like the next one.
  if (tail.offset + size + frame_header_size <= segment.size()) store_length(at + size, 0);
  if (segment.mapped()->faulted())
    throw Error(ErrorCode::io, "cannot write to " + segment.path().string() + ": the disk failed",
                {.backend = "embedded"});
  store_length(at, length);
  step("length-stored");
  control_.end.store(header.sequence, std::memory_order_release);
  step("end-stored");
  control_.tail.store(Tail{tail.segment, tail.offset + size}.pack(), std::memory_order_release);
  FrameView frame;
  frame.sequence = header.sequence;
  frame.payload = {at + frame_header_size, length};
  frame.position = {tail.segment, tail.offset};
  frame.pin = segment.mapped();
  frame.size = size;
  return frame;
}

std::shared_ptr<Segment> Committer::make_next_segment(std::uint64_t number) {
  auto segment = cache_.get(number);
  if (!segment) {
    folder_.create(number, sizes_.after(tail_->size()), slot_);
    segment = cache_.get(number);
  }
  if (!segment) throw Error(ErrorCode::io, "cannot make " + folder_.path_of(number).string());
  made_ = number;
  return segment;
}

void Committer::start_next_segment(Tail& tail) {
  const auto number = tail.segment + 1;
  auto segment = make_next_segment(number);
  segment->stamp(control_.end.load() + 1, control_.synced.load());
  step("segment-stamped");
  tail_ = std::move(segment);
  tail = {number, first_frame_offset};
  control_.tail.store(tail.pack());
  step("segment-started");
  hungry_ = true;
  if (sizes_.ring != 0) drop_oldest(number);
}

/// Only counts them out; the background thread removes the files. Where it does not keep up, one goes here,
/// so that twice the ring is never passed.
void Committer::drop_oldest(std::uint64_t newest) {
  // All but the first few have the largest size, so the sum is a bound.
  const auto keep = std::max<std::uint64_t>(sizes_.ring / sizes_.max, 2);
  if (newest <= keep) return;
  if (control_.oldest.load() <= newest - keep) control_.oldest.store(newest - keep + 1);
  if (newest > 2 * keep) remove_quietly(folder_.path_of(newest - 2 * keep));
}

bool Committer::wants_pages(const Tail& tail, std::uint32_t size) const noexcept {
  const auto ready = Tail::unpack(populated_.load(std::memory_order_relaxed));
  const auto wanted = std::min(tail.offset + populate_window / 2, size);
  return ready.segment < tail.segment || (ready.segment == tail.segment && ready.offset < wanted);
}

void Committer::populated(std::uint64_t segment, std::uint32_t until) noexcept {
  populated_.store(Tail{segment, until}.pack(), std::memory_order_relaxed);
}

}  // namespace omnibus::embedded
