#pragma once

/// Handles that must become unusable in the child of a fork. Threads: any.

#include <functional>

namespace omnibus::embedded {

/// While it lives, `in_child` runs in every forked child, before fork() returns there. It may only do what is
/// async-signal-safe.
class ForkGuard {
 public:
  explicit ForkGuard(std::function<void()> in_child);
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

 private:
  friend class ForkRegistry;
  std::function<void()> in_child_;
};

}  // namespace omnibus::embedded
