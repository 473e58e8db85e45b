#include "backends/embedded/log/scan.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <variant>

#include "backends/embedded/log/walk.hpp"

namespace omnibus::embedded {
namespace {

constexpr std::uint64_t progress_step = std::uint64_t{1} << 20;

std::uint64_t written_bytes(std::string_view bytes, std::uint64_t from) {
  const auto last = bytes.find_last_not_of('\0');
  return last == std::string_view::npos || last < from ? 0 : last + 1 - from;
}

class Scan {
 public:
  Scan(const StoreImage& image, const ScanEvents& events) : image_(image), events_(events) {
    if (image.in_use) {
      mark_ = image.end;
      last_ = image.end;
      return;
    }
    mark_ = image.intact;
    for (const auto& segment : image.segments) mark_ = std::max(mark_, segment.header.synced);
  }

  void run() {
    for (const auto& segment : image_.segments) {
      if (open_ != nullptr && expected_ > last_) break;
      visit(segment);
    }
    finish();
  }

 private:
  void visit(const StoreImage::Segment& segment) {
    const auto first = segment.header.first;
    if (open_ != nullptr && first < expected_) return;  // stamped by a writer that died before using it
    if (open_ != nullptr && first > expected_)
      note({open_->number, end_offset_, behind(*open_, end_offset_), expected_, std::min(first - 1, last_)});
    expected_ = first;
    open_ = &segment;
    told_ = 0;
    end_offset_ = walk_frames(
        segment.bytes(), segment.number, segment.header.seed, first_frame_offset, expected_, last_,
        [this](std::uint32_t offset, const FrameHeader& header) { keep(offset, header); },
        [this](const Damage& damage) { note(damage); });
    advance(segment.bytes().size(), 0);
  }

  void keep(std::uint32_t offset, const FrameHeader& header) {
    advance(offset, progress_step);
    if (!image_.in_use) mark_ = std::max(mark_, header.synced);
    FrameView frame{.sequence = header.sequence,
                    .payload = payload_of(open_->bytes(), offset, header),
                    .position = {open_->number, offset},
                    .pin = open_->mapped,
                    .size = frame_size(header.length)};
    if (pending_.empty()) return events_.frame(frame);
    pending_.emplace_back(std::move(frame));
    settle();
  }

  void note(const Damage& damage) {
    pending_.emplace_back(damage);
    settle();
  }

  /// Damage above the mark may be a torn tail, and then everything behind it goes too. A later frame may
  /// still raise the mark.
  void settle() {
    while (!pending_.empty()) {
      if (const auto* damage = std::get_if<Damage>(&pending_.front())) {
        if (damage->first > mark_) return;
        tell(*damage);
      } else {
        events_.frame(std::get<FrameView>(pending_.front()));
      }
      pending_.pop_front();
    }
  }

  void finish() {
    if (!pending_.empty()) return cut();
    if (open_ != nullptr && expected_ <= mark_)
      return tell({open_->number, end_offset_, behind(*open_, end_offset_), expected_, mark_});
    if (open_ == nullptr || image_.in_use) return;
    const auto torn = written_bytes(open_->bytes(), end_offset_);
    if (torn > 0) tell_cut(open_->number, end_offset_, torn, expected_, 0);
  }

  void cut() {
    const auto damage = std::get<Damage>(pending_.front());
    std::uint64_t bytes = 0, whole = 0;
    for (const auto& segment : image_.segments) {
      if (segment.number < damage.segment) continue;
      bytes += written_bytes(segment.bytes(),
                             segment.number == damage.segment ? damage.offset : first_frame_offset);
    }
    for (const auto& entry : pending_) whole += std::holds_alternative<FrameView>(entry) ? 1 : 0;
    tell_cut(damage.segment, damage.offset, bytes, damage.first, whole);
  }

  void tell_cut(std::uint64_t segment, std::uint32_t offset, std::uint64_t bytes, std::uint64_t next,
                std::uint64_t whole) const {
    events_.cut(
        {.file = segment_file(segment),
         .offset = offset,
         .bytes = bytes,
         .first = next,
         .last = std::max(next - 1, expected_ - 1),
         .what = "torn tail, the next opening cuts it" +
                 (whole == 0 ? std::string() : ", " + std::to_string(whole) + " whole frames with it")});
  }

  void tell(const Damage& damage) const {
    const auto* segment = image_.find(damage.segment);
    const bool faulted = segment != nullptr && segment->mapped->faulted();
    events_.damage({.file = segment_file(damage.segment),
                    .offset = damage.offset,
                    .bytes = damage.bytes,
                    .first = damage.first,
                    .last = damage.last,
                    .what = faulted ? "the disk failed to give it" : "no whole frame"});
  }

  static std::uint64_t behind(const StoreImage::Segment& segment, std::uint32_t offset) {
    return segment.bytes().size() > offset ? segment.bytes().size() - offset : 0;
  }

  void advance(std::uint64_t until, std::uint64_t step) {
    if (until < told_ + step || until == told_ || !events_.progress) return;
    events_.progress(until - told_);
    told_ = until;
  }

  const StoreImage& image_;
  const ScanEvents& events_;
  std::uint64_t mark_ = 0;
  std::uint64_t last_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t expected_ = 1;
  const StoreImage::Segment* open_ = nullptr;  // the last one visited
  std::uint32_t end_offset_ = 0;
  std::uint64_t told_ = 0;  // of its bytes, as progress
  std::deque<std::variant<FrameView, Damage>> pending_;
};

}  // namespace

void scan(const StoreImage& image, const ScanEvents& events) { Scan(image, events).run(); }

std::uint64_t scan_bytes(const StoreImage& image) noexcept {
  std::uint64_t bytes = 0;
  for (const auto& segment : image.segments) bytes += segment.bytes().size();
  return bytes;
}

}  // namespace omnibus::embedded
