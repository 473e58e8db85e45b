#pragma once

/// Counts what the program takes from the heap. Threads: any.

#include <cstdint>

namespace omnibus::support {

/// Calls of operator new so far, of all threads.
std::uint64_t allocations() noexcept;

}  // namespace omnibus::support
