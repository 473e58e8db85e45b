#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/metrics.hpp>

#include "services/metering/prices.hpp"

namespace omnibus::metering {

/// Counts what models use. Metrics: tokens and cost, by model and direction (input, output). Models without a
/// price have a series of their own up to a number, for their names come from outside; the others share the
/// model `other`. Threads: any.
class Meter {
 public:
  Meter(Metrics metrics, std::size_t most_models);

  void use(Prices prices);
  /// Errors: TooManyRequests before the first use(): the prices are about to come.
  void count(const catalogue::TextCompletionResponse& answer);
  /// Empty, or what is wrong with the prices.
  std::string trouble() const;

 private:
  std::string label_of(const std::string& model, bool priced);
  void count(const std::string& label, const char* direction, std::optional<std::int64_t> tokens,
             std::optional<double> price);

  Metrics metrics_;
  const std::size_t most_models_;
  mutable std::mutex mutex_;  // guards what follows
  std::optional<Prices> prices_;
  std::set<std::string> unpriced_;  // models with a series of their own
};

}  // namespace omnibus::metering
