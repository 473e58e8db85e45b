#pragma once

#include <chrono>

#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// The clock of records: what is stored must mean the same to every process, now and after a restart.
inline Millis wall_clock() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace omnibus::embedded
