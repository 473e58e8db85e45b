#pragma once

/// The contract as the suite knows it: each row is one GoogleTest suite of the same name.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omnibus::conformance {

struct Row {
  std::string_view suite;    ///< of its cases
  std::string_view item;     ///< as the contract calls it
  std::string_view promise;  ///< one sentence for the guarantees page
};

std::span<const Row> contract();

/// Rows without a case and suites without a row, one sentence each; empty when all is well.
std::vector<std::string> contract_gaps();

}  // namespace omnibus::conformance
