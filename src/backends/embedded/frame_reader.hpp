#pragma once

#include <functional>
#include <utility>

#include "backends/embedded/record_codec.hpp"

namespace omnibus::embedded {

/// Reads contents again by their places. Those of one frame lie side by side, so it keeps the last frame.
class FrameReader {
 public:
  /// Errors: corrupt, not_found, io.
  using Read = std::function<FrameView(FramePosition)>;
  explicit FrameReader(Read read) : read_(std::move(read)) {}

  /// Errors: those of Read; corrupt when the place lies outside its frame.
  Content read(const Content& place) {
    const FramePosition position{place.segment, place.frame};
    if (frame_.position != position) frame_ = read_(position);
    if (place.at > frame_.payload.size() || place.size > frame_.payload.size() - place.at) {
      throw Error(ErrorCode::corrupt, "a message lies outside its frame", {.backend = "embedded"});
    }
    return content_in(frame_, place.at, place.size, place.blob);
  }

 private:
  const Read read_;
  FrameView frame_;
};

}  // namespace omnibus::embedded
