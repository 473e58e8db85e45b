#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gateway_bench/load.hpp"

namespace omnibus::app::gateway_bench {

/// What clients that are only there cost.
struct Presence {
  std::size_t clients = 0;
  std::size_t lost = 0;  ///< cut off before the end
  std::optional<std::size_t> before = {},
                             with = {};  ///< bytes that the server's process holds; empty: not asked for
};

struct Report {
  std::vector<Measured> runs;
  std::optional<Presence> idle, slow_readers;

  /// Requests without a good answer, clients that were cut off.
  std::uint64_t errors() const;
};

/// A table for people.
std::string as_table(const Plan& plan, const Report& report);
/// One JSON object on one line.
std::string as_json(const Plan& plan, const Report& report);

}  // namespace omnibus::app::gateway_bench
