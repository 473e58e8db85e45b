#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <omnibus/driver.hpp>

namespace omnibus::embedded {

/// One timer on whatever Host is there; an engine shared by several Buses outlives each of them.
/// Threads: any. `ring` runs on a Host's timer thread and must expect that
/// its object is gone. Made by make_shared, as a timer may run into its end.
class Alarm : public std::enable_shared_from_this<Alarm> {
 public:
  /// `ring` is the same for every host.
  void add(driver::Host& host, std::function<void()> ring);
  /// Nothing is scheduled on `host` after it returns; an armed alarm moves to another host.
  void remove(driver::Host& host);
  /// Rings at `when` or earlier.
  void arm(TimePoint when);

 private:
  void schedule(TimePoint when);
  void rung(std::uint64_t round);

  std::mutex mutex_;  ///< guards what follows
  std::function<void()> ring_;
  std::vector<driver::Host*> hosts_;
  driver::Host* armed_on_ = nullptr;
  std::uint64_t token_ = 0;
  std::uint64_t round_ = 0;
  std::optional<TimePoint> when_;
};

}  // namespace omnibus::embedded
