#pragma once

/// Goes through every frame of an image and tells what recovery would make of the log: what is sound, what is
/// damaged, and what the next opening would cut as a torn tail.

#include <functional>

#include "backends/embedded/log/image.hpp"

namespace omnibus::embedded {

/// What a scan finds, in the order of the log.
struct ScanEvents {
  std::function<void(const FrameView&)> frame;        ///< whole, and kept by the next opening
  std::function<void(const StoreDamage&)> damage;     ///< lost; what is behind it is not
  std::function<void(const StoreDamage&)> cut;        ///< the torn tail, at most once
  std::function<void(std::uint64_t bytes)> progress;  ///< so many more bytes were read
};

void scan(const StoreImage& image, const ScanEvents& events);

/// What scan() tells as progress, in all.
std::uint64_t scan_bytes(const StoreImage& image) noexcept;

}  // namespace omnibus::embedded
