#include "backends/embedded/log/recovery.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "backends/embedded/log/walk.hpp"

namespace omnibus::embedded {
namespace {

/// One file as its header tells, without mapping it.
struct Candidate {
  std::uint64_t number = 0;
  std::uint64_t first = 0;
  std::uint64_t capacity = 0;
};

/// How many bytes from `from` on are not all zero: up to the last byte that is set. Looks only at ranges that
/// were ever written.
std::uint64_t written_bytes(const Segment& segment, std::uint32_t from) {
  std::uint64_t last = from;
  const auto bytes = segment.bytes();
  for (off_t at = from; at < static_cast<off_t>(bytes.size());) {
    const auto begin = ::lseek(segment.descriptor(), at, SEEK_DATA);
    if (begin < 0) break;
    auto end = ::lseek(segment.descriptor(), begin, SEEK_HOLE);
    if (end < 0 || end > static_cast<off_t>(bytes.size())) end = static_cast<off_t>(bytes.size());
    const auto found = bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))
                           .find_last_not_of('\0');
    if (found != std::string_view::npos) last = static_cast<std::uint64_t>(begin) + found + 1;
    at = end;
  }
  return last - from;
}

/// Bytes from `offset` to the end; a file that was cut short may end before it.
std::uint64_t behind(const Segment& segment, std::uint32_t offset) {
  return segment.size() > offset ? segment.size() - offset : 0;
}

class Recovery {
 public:
  explicit Recovery(const RecoveryInput& input) : input_(input), mark_(input.intact) {}

  Recovered run() {
    list();
    const auto start = first_to_scan();
    for (auto at = start; at < candidates_.size(); ++at) scan(candidates_[at]);
    Recovered result = settle();
    for (auto number : scanned_) sync(number);
    sync_directory(input_.segments.path());
    return result;
  }

 private:
  void list() {
    input_.segments.remove_temporary_files();
    for (const auto number : input_.segments.numbers()) {
      const auto path = input_.segments.path_of(number);
      const auto file = open_file(path, O_RDONLY);
      const auto header = decode_segment_header(read_at(file.get(), 0, first_frame_offset, path));
      highest_number_ = number;
      if (!header) {
        set_aside(path, "both headers are damaged, its frames cannot be read");
      } else if (header->first == 0) {
        remove_quietly(path);  // prepared, never used
      } else {
        const auto size = file_size(file.get(), path);
        if (size < header->capacity)
          input_.report("store segment " + path.string() + ": the file ends at " + std::to_string(size) +
                        ", " + std::to_string(header->capacity - size) + " bytes are missing");
        mark_ = std::max(mark_, header->synced);
        candidates_.push_back({number, header->first, header->capacity});
      }
    }
  }

  /// Keeps a file for those who want to look, out of the way of the log.
  void set_aside(const std::filesystem::path& path, const std::string& why) const {
    auto kept = path;
    kept += ".damaged";
    input_.report("store segment " + path.string() + ": " + why + "; kept as " + kept.filename().string());
    if (::rename(path.c_str(), kept.c_str()) != 0) throw system_error("rename", path, errno);
    // A power cut may have left both names of the same file, and then rename() does nothing.
    remove_quietly(path);
  }

  /// Everything before the segment that holds mark_ + 1 was synced before that one was taken into use.
  std::size_t first_to_scan() const {
    std::size_t start = 0;
    for (std::size_t at = 0; at < candidates_.size(); ++at) {
      if (candidates_[at].first <= mark_ + 1) start = at;
    }
    return start;
  }

  void scan(const Candidate& candidate) {
    if (scanned_.empty()) {
      expected_ = candidate.first;
    } else if (candidate.first < expected_) {
      drop_unused(input_.segments.path_of(candidate.number));
      return;
    } else if (candidate.first > expected_) {
      const auto& before = *open_;
      damages_.push_back(
          {before.number(), end_offset_, behind(before, end_offset_), expected_, candidate.first - 1});
      expected_ = candidate.first;
    }
    open_ = Segment::open(input_.segments.path_of(candidate.number));
    scanned_.push_back(candidate.number);
    end_offset_ = walk(*open_, first_frame_offset);
  }

  /// Stamped by a writer that died before using it; a smaller frame then went into the segment before.
  void drop_unused(const std::filesystem::path& path) const {
    const auto segment = Segment::open(path);
    if (written_bytes(*segment, first_frame_offset) == 0)
      remove_quietly(path);
    else
      set_aside(path, "its sequences are in the segment before it");
  }

  /// Follows the frames from `offset`; returns where they end.
  std::uint32_t walk(const Segment& segment, std::uint32_t offset) {
    return walk_frames(
        segment.bytes(), segment.number(), segment.seed(), offset, expected_,
        std::numeric_limits<std::uint64_t>::max(),
        [this](std::uint32_t, const FrameHeader& header) { mark_ = std::max(mark_, header.synced); },
        [this](const Damage& damage) { damages_.push_back(damage); });
  }

  /// Decides what is corruption and what a torn tail, and leaves a log that can be appended to.
  Recovered settle() {
    const auto torn = std::find_if(damages_.begin(), damages_.end(),
                                   [this](const Damage& damage) { return damage.first > mark_; });
    for (auto at = damages_.begin(); at != torn; ++at) report_corruption(*at);
    if (torn != damages_.end()) return cut(torn->segment, torn->offset, torn->first);
    if (open_ == nullptr || expected_ <= mark_) return start_new_segment();
    return cut(open_->number(), end_offset_, expected_);
  }

  /// Clears everything from a position on, so that nothing old can follow what is written next.
  Recovered cut(std::uint64_t number, std::uint32_t offset, std::uint64_t next) {
    for (const auto& candidate : candidates_) {
      if (candidate.number <= number) continue;
      const auto path = input_.segments.path_of(candidate.number);
      if (::access(path.c_str(), F_OK) != 0) continue;
      set_aside(path, "it lies behind a torn tail");
    }
    std::erase_if(scanned_, [&](std::uint64_t scanned) { return scanned > number; });
    open_ = Segment::open(input_.segments.path_of(number));
    const auto torn = written_bytes(*open_, offset);
    if (torn > 0)
      input_.report("store segment " + open_->path().string() + ": cut a torn tail of " +
                    std::to_string(torn) + " bytes at offset " + std::to_string(offset) +
                    ", where sequence " + std::to_string(next) + " would stand");
    if (torn > 0 || open_->size() != capacity_of(number)) clear(offset, capacity_of(number));
    return {.tail = {number, offset}, .end = next - 1, .oldest = oldest()};
  }

  void clear(std::uint32_t offset, std::uint64_t capacity) {
    try {
      if (open_->size() != capacity)
        allocate(open_->descriptor(), static_cast<std::size_t>(capacity), open_->path());
    } catch (const Error& error) {
      // It stays shorter: the next frame that does not fit starts another segment.
      input_.report(std::string("store recovery: ") + error.what());
    }
    const auto size = file_size(open_->descriptor(), open_->path());
    if (size > offset) zero_range(open_->descriptor(), offset, size - offset, open_->path());
    open_.reset();
  }

  /// For an empty store, and behind damage whose length nobody knows.
  Recovered start_new_segment() {
    const auto next = std::max(expected_, mark_ + 1);
    if (open_ != nullptr && expected_ <= mark_)
      report_corruption({open_->number(), end_offset_, behind(*open_, end_offset_), expected_, mark_});
    const auto number = highest_number_ + 1;
    input_.segments.create(number, input_.first_segment, 0);
    const auto segment = Segment::open(input_.segments.path_of(number));
    segment->stamp(next, next - 1);
    scanned_.push_back(number);
    candidates_.push_back({number, next, segment->size()});
    return {.tail = {number, first_frame_offset}, .end = next - 1, .oldest = oldest()};
  }

  void report_corruption(const Damage& damage) const {
    std::string lost = "no sequence is lost";
    if (damage.first == damage.last) lost = "sequence " + std::to_string(damage.first) + " is lost";
    if (damage.first < damage.last)
      lost = "sequences " + std::to_string(damage.first) + " to " + std::to_string(damage.last) + " are lost";
    input_.report("store segment " + input_.segments.path_of(damage.segment).string() + ": " +
                  std::to_string(damage.bytes) + " damaged bytes at offset " + std::to_string(damage.offset) +
                  ", " + lost);
  }

  std::uint64_t capacity_of(std::uint64_t number) const {
    for (const auto& candidate : candidates_) {
      if (candidate.number == number) return candidate.capacity;
    }
    return open_->size();
  }

  std::uint64_t oldest() const { return candidates_.front().number; }

  void sync(std::uint64_t number) const {
    const auto path = input_.segments.path_of(number);
    if (const auto file = open_existing(path, O_RDWR)) sync_data(file->get(), path);
  }

  const RecoveryInput& input_;
  std::uint64_t mark_;
  std::vector<Candidate> candidates_;
  std::vector<std::uint64_t> scanned_;
  std::vector<Damage> damages_;
  std::uint64_t highest_number_ = 0;
  std::uint64_t expected_ = 1;
  std::shared_ptr<Segment> open_;  // the last one scanned
  std::uint32_t end_offset_ = 0;
};

}  // namespace

Recovered recover(const RecoveryInput& input) { return Recovery(input).run(); }

Recovered restart_empty(const SegmentFolder& segments, std::size_t first_segment) {
  segments.remove_temporary_files();
  for (const auto number : segments.numbers()) remove_quietly(segments.path_of(number));
  segments.create(1, first_segment, 0);
  Segment::open(segments.path_of(1))->stamp(1, 0);
  return {.tail = {1, first_frame_offset}, .end = 0, .oldest = 1};
}

}  // namespace omnibus::embedded
