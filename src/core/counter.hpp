#pragma once

#include <atomic>
#include <string_view>

#include <omnibus/metrics.hpp>

namespace omnibus::detail {

/// A counter whose series comes into being with its first count, so that idle handles cost no series.
/// Threads: any.
class LazyCounter {
 public:
  LazyCounter(std::string_view name, std::string_view help) : name_(name), help_(help) {}

  void add(Metrics& metrics, const Labels& labels, std::size_t amount = 1) {
    Counter* counter = counter_.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &metrics.counter(name_, help_, labels);
      counter_.store(counter, std::memory_order_release);
    }
    counter->add(static_cast<double>(amount));
  }

 private:
  std::string_view name_, help_;  ///< literals
  std::atomic<Counter*> counter_ = nullptr;
};

}  // namespace omnibus::detail
