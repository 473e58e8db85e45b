#pragma once

#include <utility>
#include <vector>

namespace omnibus::embedded {

/// A vector that takes its memory from an earlier one of the same thread and leaves it to a later one, so
/// that what every call needs for a moment is not allocated every time. Threads: like a container.
template <class T>
class Scratch {
 public:
  Scratch() noexcept : items_(std::exchange(spare(), {})) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    items_.clear();
    if (items_.capacity() <= most_kept && items_.capacity() > spare().capacity()) spare().swap(items_);
  }
  std::vector<T>& operator*() noexcept { return items_; }
  std::vector<T>* operator->() noexcept { return &items_; }

 private:
  static constexpr std::size_t most_kept = 1024;
  static std::vector<T>& spare() noexcept {
    thread_local std::vector<T> memory;
    return memory;
  }

  std::vector<T> items_;
};

}  // namespace omnibus::embedded
