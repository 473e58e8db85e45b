#pragma once

/// A disk of this program's own choosing: its hooks (full_disk_hooks.cpp) stand before the C library.

#include <atomic>
#include <functional>

namespace omnibus::embedded::test {

/// While it lives no file grows: whoever tries gets ENOSPC.
class FullDisk {
 public:
  FullDisk() { full = true; }
  ~FullDisk() { full = false; }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  static inline std::atomic<bool> full = false;
};

/// While it lives a write of more than a mebibyte is done in halves, and `between` runs between them.
class SlowWrites {
 public:
  explicit SlowWrites(std::function<void()> between) : between_(std::move(between)) { current = this; }
  ~SlowWrites() { current = nullptr; }
  SlowWrites(const SlowWrites&) = delete;
  SlowWrites& operator=(const SlowWrites&) = delete;
  void pause() const { between_(); }
  static inline std::atomic<const SlowWrites*> current = nullptr;

 private:
  std::function<void()> between_;
};

}  // namespace omnibus::embedded::test
