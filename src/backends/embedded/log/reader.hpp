#pragma once

/// Reads frames in order, over segment borders, around damage. Threads: any; one caller per cursor.

#include <cstdint>

#include "backends/embedded/log/control.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/log/segment_cache.hpp"
#include "backends/embedded/log/store_folder.hpp"

namespace omnibus::embedded {

class Reader {
 public:
  Reader(const Control& control, SegmentCache& cache, const Report& report)
      : control_(control), cache_(cache), report_(report) {}

  Cursor cursor(std::uint64_t after) const;
  ReadResult read(Cursor& cursor, FrameView& frame, Gap& gap) const;
  FrameView read_at(FramePosition position) const;

 private:
  enum class Step : std::uint8_t { again, gap };

  bool locate(Cursor& cursor) const;
  ReadResult broken_payload(Cursor& cursor, const FrameHeader& header, Gap& gap) const;
  Step go_on(Cursor& cursor, Gap& gap) const;
  void jump(Cursor& cursor, std::uint64_t next, std::shared_ptr<const Segment> segment, std::uint32_t offset,
            Gap& gap) const;
  void tell(const Gap& gap) const;
  Tail tail() const noexcept { return Tail::unpack(control_.tail.load()); }

  const Control& control_;
  SegmentCache& cache_;
  const Report& report_;
};

}  // namespace omnibus::embedded
