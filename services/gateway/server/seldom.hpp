#pragma once

#include <cstdint>
#include <utility>

#include <omnibus/time.hpp>

namespace omnibus::gateway {

/// Tells when a failure that repeats is worth a line in the log: the first at once, then one per pause with
/// the number of those it stands for. Threads: one at a time.
class Seldom {
 public:
  explicit Seldom(Duration pause) noexcept : pause_(pause) {}

  /// Counts a failure at `now`. How many to report with it, this one included; 0: say nothing yet.
  std::uint64_t note(TimePoint now) noexcept {
    ++untold_;
    if (told_ && now - last_ < pause_) return 0;
    told_ = true;
    last_ = now;
    return std::exchange(untold_, 0);
  }

 private:
  const Duration pause_;
  std::uint64_t untold_ = 0;
  bool told_ = false;
  TimePoint last_ = {};
};

}  // namespace omnibus::gateway
