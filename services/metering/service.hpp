#pragma once

#include <memory>
#include <string>

#include <omnibus/framework/processor.hpp>

namespace omnibus::metering {

class Meter;

/// Counts tokens and cost: TextCompletionResponse from `input`, prices from configuration type `token-cost`.
/// Metrics: as Meter. Threads: as FlowProcessor.
class MeteringService : public framework::FlowProcessor {
 public:
  /// Errors: ConfigError for flags out of range.
  MeteringService(Bus bus, Settings settings);
  ~MeteringService() override;

  /// Also names the prices that cannot be used.
  std::string ready() const override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  const std::shared_ptr<Meter> meter_;
};

}  // namespace omnibus::metering
