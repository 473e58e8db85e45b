#pragma once

/// The address ranges of all mapped store files, readable from a signal handler.
/// Threads: every function from any thread; mark_fault also from a signal handler.

#include <cstddef>

namespace omnibus::embedded {

inline constexpr std::size_t no_fault_entry = static_cast<std::size_t>(-1);

/// Registers a range. no_fault_entry when the table (4096 ranges) is full: that range is then unprotected.
std::size_t add_fault_range(const void* begin, std::size_t size) noexcept;
void remove_fault_range(std::size_t entry) noexcept;
bool fault_seen(std::size_t entry) noexcept;
/// Notes a fault at `address`; false when it belongs to no range.
bool mark_fault(const void* address) noexcept;

}  // namespace omnibus::embedded
