#pragma once

/// What a message holds, and the counting of those that came. Threads: one.

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/allocations.hpp"

namespace omnibus::benchmarks {

struct Note {
  std::uint64_t index = 0;
  std::int64_t sent = 0;  // wall clock, nanoseconds: both processes read the same
  std::string text;
};

inline std::int64_t now() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The run lasts from the first send to the last acknowledgement.
class Tally {
 public:
  Tally(std::uint64_t messages, std::size_t size) : size_(size), seen_(messages) {}

  void take(const Note& note) {
    if (received_ == 0) first_ = note.sent;
    if (!seen_.at(note.index)) ++received_;
    seen_[note.index] = true;
    if (received_ == seen_.size() / 2) halfway_ = support::allocations();
  }
  bool complete() const { return received_ == seen_.size(); }
  void acknowledged() { last_ = now(), at_end_ = support::allocations(); }

  /// Members of a JSON object.
  std::string figures() const {
    const double seconds = double(last_ - first_) / 1e9;
    return fmt::format(
        "\"messages\":{},\"size\":{},\"received\":{},\"lost\":{},\"seconds\":{:.3f},\"messages_per_second\":{"
        ":.0f}",
        seen_.size(), size_, received_, seen_.size() - received_, seconds,
        seconds > 0 ? double(received_) / seconds : 0.0);
  }

  void report() const {
    const auto half = double(seen_.size() - seen_.size() / 2);
    std::cout << fmt::format("{{{},\"allocations_per_message\":{:.3f}}}\n", figures(),
                             double(at_end_ - halfway_) / half);
  }

 private:
  std::size_t size_;
  std::vector<bool> seen_;
  std::uint64_t received_ = 0, halfway_ = 0, at_end_ = 0;
  std::int64_t first_ = 0, last_ = 0;
};

}  // namespace omnibus::benchmarks
