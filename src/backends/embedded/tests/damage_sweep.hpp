#pragma once

/// Damages a sample store bit by bit and byte by byte, opens it, and looks what it serves.

#include <set>

#include "backends/embedded/tests/sample_store.hpp"

namespace omnibus::embedded::test {

/// One frame of the undamaged store.
struct SampleFrame {
  std::uint64_t sequence = 0;
  std::size_t offset = 0;              ///< in the segment
  std::size_t size = 0, padded = 0;    ///< without and with the zeros behind it
  std::vector<std::string> published;  ///< payloads
  bool acknowledges = false;
  std::string kinds;  ///< its records, for messages of the test
};
std::vector<SampleFrame> frames_of(const SampleStore& store);

/// What an opening of the damaged store did.
struct Served {
  std::optional<Error> refused;
  std::set<std::string> audit;    ///< payloads that a new subscription saw, from the oldest kept one on
  std::set<std::string> waiting;  ///< that `s` and `t` saw
  std::uint64_t reports = 0;
  std::string first_report;
  std::vector<std::string> wrong;  ///< what must never be, whatever was damaged
};

/// Opens the store as it is, reads all of it and sends one more message to each queue.
Served serve(const SampleStore& store);

}  // namespace omnibus::embedded::test
