#include "backends/embedded/log/reader.hpp"

#include <algorithm>

#include "backends/embedded/log/walk.hpp"

namespace omnibus::embedded {
namespace {

void fill(FrameView& frame, const Segment& segment, std::uint32_t offset, const FrameHeader& header) {
  frame.sequence = header.sequence;
  frame.payload = payload_of(segment.bytes(), offset, header);
  frame.position = {segment.number(), offset};
  frame.size = frame_size(header.length);
  if (frame.pin.get() != segment.mapped().get()) frame.pin = segment.mapped();
}

bool payload_fits(const Segment& segment, std::uint32_t offset, const FrameHeader& header) {
  return payload_fits(segment.bytes(), segment.seed(), offset, header);
}

/// Where the frame `sequence` begins, or where the frames before it end.
std::uint32_t offset_of(const Segment& segment, std::uint64_t sequence) {
  auto expected = segment.first();
  std::uint32_t offset = first_frame_offset;
  while (expected < sequence) {
    const auto header = decode_frame_header(segment.bytes(), segment.seed(), offset);
    if (header && header->sequence == expected) {
      offset += frame_size(header->length);
      ++expected;
      continue;
    }
    const auto found = find_frame(segment.bytes(), segment.seed(), offset, offset, expected);
    if (!found || found->header.sequence > sequence) break;
    offset = found->offset;
    expected = found->header.sequence;
  }
  return offset;
}

}  // namespace

void Cursor::skip(const FrameView& frame) {
  ++next_;
  if (segment_ && segment_->number() == frame.position.segment)
    offset_ = frame.position.offset + frame.size;
  else
    segment_.reset();  // read() finds the place again
}

Cursor Reader::cursor(std::uint64_t after) const {
  Cursor cursor;
  cursor.next_ = after + 1;
  locate(cursor);
  return cursor;
}

bool Reader::locate(Cursor& cursor) const {
  const auto last = tail().segment;
  std::shared_ptr<const Segment> best;
  for (auto number = last; number >= control_.oldest.load() && number > 0; --number) {
    const auto segment = cache_.next(number - 1, number);
    if (!segment) continue;
    best = segment;
    if (segment->first() <= cursor.next_) break;
  }
  if (!best) return false;
  cursor.offset_ = offset_of(*best, cursor.next_);
  cursor.segment_ = std::move(best);
  return true;
}

ReadResult Reader::read(Cursor& cursor, FrameView& frame, Gap& gap) const {
  while (cursor.next_ <= control_.end.load(std::memory_order_acquire)) {
    if (!cursor.segment_ && !locate(cursor))
      throw Error(ErrorCode::io, "cannot read the store: its segments are gone", {.backend = "embedded"});
    const auto& segment = *cursor.segment_;
    const auto header = decode_frame_header(segment.bytes(), segment.seed(), cursor.offset_);
    if (header && header->sequence == cursor.next_) {
      if (!payload_fits(segment, cursor.offset_, *header)) return broken_payload(cursor, *header, gap);
      fill(frame, segment, cursor.offset_, *header);
      cursor.offset_ += frame.size;
      ++cursor.next_;
      return ReadResult::frame;
    }
    if (go_on(cursor, gap) == Step::gap) return ReadResult::gap;
  }
  return ReadResult::end;
}

ReadResult Reader::broken_payload(Cursor& cursor, const FrameHeader& header, Gap& gap) const {
  const auto& segment = *cursor.segment_;
  gap = {.reason = segment.mapped()->faulted() ? Gap::Reason::io : Gap::Reason::corrupt,
         .first = header.sequence,
         .last = header.sequence,
         .position = {segment.number(), cursor.offset_},
         .bytes = frame_size(header.length)};
  cursor.offset_ += frame_size(header.length);
  ++cursor.next_;
  tell(gap);
  return ReadResult::gap;
}

/// No frame with the next sequence begins here: this segment ends, or it is damaged, or it was left behind.
Reader::Step Reader::go_on(Cursor& cursor, Gap& gap) const {
  const auto segment = cursor.segment_;
  const auto place = tail();
  const auto following = cache_.next(segment->number(), place.segment);
  gap = {.reason = Gap::Reason::corrupt,
         .first = cursor.next_,
         .last = 0,
         .position = {segment->number(), cursor.offset_}};
  if (following && following->first() == cursor.next_) {
    cursor.segment_ = following;
    cursor.offset_ = first_frame_offset;
    return Step::again;
  }
  if (segment->first() > cursor.next_) {
    if (segment->number() <= control_.oldest.load()) gap.reason = Gap::Reason::dropped;
    jump(cursor, segment->first(), segment, first_frame_offset, gap);
    tell(gap);
    return Step::gap;
  }
  const bool is_tail = segment->number() == place.segment;
  const auto limit = is_tail ? std::min(place.offset, segment->size()) : segment->size();
  const auto found = find_frame(segment->bytes().substr(0, limit), segment->seed(), cursor.offset_,
                                cursor.offset_, cursor.next_);
  if (segment->mapped()->faulted()) gap.reason = Gap::Reason::io;
  if (found) {
    gap.bytes = found->offset - cursor.offset_;
    jump(cursor, found->header.sequence, segment, found->offset, gap);
  } else if (following) {
    const bool left_behind = segment->number() < control_.oldest.load();
    if (left_behind) gap.reason = Gap::Reason::dropped;
    jump(cursor, std::max(following->first(), cursor.next_), following, first_frame_offset, gap);
  } else {
    // The newest frames are damaged. A frame that was appended meanwhile begins at `place`.
    const auto header = decode_frame_header(segment->bytes(), segment->seed(), place.offset);
    const auto next = header ? header->sequence : control_.end.load() + 1;
    gap.bytes = place.offset > cursor.offset_ ? place.offset - cursor.offset_ : 0;
    jump(cursor, std::max(next, cursor.next_), is_tail ? segment : nullptr, place.offset, gap);
  }
  if (gap.last < gap.first) return Step::again;
  tell(gap);
  return Step::gap;
}

void Reader::jump(Cursor& cursor, std::uint64_t next, std::shared_ptr<const Segment> segment,
                  std::uint32_t offset, Gap& gap) const {
  gap.last = next - 1;
  cursor.next_ = next;
  cursor.segment_ = std::move(segment);
  cursor.offset_ = offset;
}

void Reader::tell(const Gap& gap) const {
  if (gap.reason == Gap::Reason::dropped) return;  // the engine counts what a slow reader lost
  report_("store segment " + hex16(gap.position.segment) + ": sequences " + std::to_string(gap.first) +
          " to " + std::to_string(gap.last) + " cannot be read" +
          (gap.reason == Gap::Reason::io ? ", the disk failed" : ", they are damaged") + ", at offset " +
          std::to_string(gap.position.offset) + ", " + std::to_string(gap.bytes) + " bytes skipped");
}

FrameView Reader::read_at(FramePosition position) const {
  const auto segment = cache_.get(position.segment);
  const std::string place =
      "cannot read frame " + hex16(position.segment) + ":" + std::to_string(position.offset);
  if (!segment)
    throw Error(ErrorCode::not_found, place + ": its segment was removed", {.backend = "embedded"});
  const auto header = decode_frame_header(segment->bytes(), segment->seed(), position.offset);
  const bool fits = header && payload_fits(*segment, position.offset, *header);
  if (!fits && segment->mapped()->faulted())
    throw Error(ErrorCode::io, place + ": the disk failed", {.backend = "embedded"});
  if (!fits) throw Error(ErrorCode::corrupt, place + ": it is damaged", {.backend = "embedded"});
  FrameView frame;
  fill(frame, *segment, position.offset, *header);
  return frame;
}

}  // namespace omnibus::embedded
