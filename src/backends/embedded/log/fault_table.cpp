#include "backends/embedded/log/fault_table.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace omnibus::embedded {
namespace {

/// Free when `end` is 0. An entry is claimed by `taken`, then published by `end`.
struct Entry {
  std::atomic<bool> taken{false};
  std::atomic<bool> faulted{false};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
};

// A signal handler can reach nothing but globals; this one needs no construction and no lock.
constinit std::array<Entry, 4096> entries;

}  // namespace

std::size_t add_fault_range(const void* begin, std::size_t size) noexcept {
  for (std::size_t at = 0; at < entries.size(); ++at) {
    auto& entry = entries[at];
    if (entry.taken.load(std::memory_order_relaxed) || entry.taken.exchange(true)) continue;
    entry.faulted.store(false);
    entry.begin.store(reinterpret_cast<std::uintptr_t>(begin));
    entry.end.store(reinterpret_cast<std::uintptr_t>(begin) + size);
    return at;
  }
  return no_fault_entry;
}

void remove_fault_range(std::size_t entry) noexcept {
  if (entry == no_fault_entry) return;
  entries[entry].end.store(0);
  entries[entry].taken.store(false);
}

bool fault_seen(std::size_t entry) noexcept {
  return entry != no_fault_entry && entries[entry].faulted.load(std::memory_order_acquire);
}

bool mark_fault(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (auto& entry : entries) {
    const auto end = entry.end.load();
    if (end == 0 || at < entry.begin.load() || at >= end) continue;
    entry.faulted.store(true, std::memory_order_release);
    return true;
  }
  return false;
}

}  // namespace omnibus::embedded
