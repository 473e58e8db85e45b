#pragma once

#include <memory>

#include "backends/mqtt/trunk.hpp"

namespace omnibus::mqtt {

/// A producer as core sees it: takes messages on any thread, hands them to a session on the loop. One that
/// its user has named has a session of its own for QoS 2, so that what it sent is known across restarts; the
/// others share the Bus's.
class ProducerHandle final : public driver::Producer {
 public:
  /// Errors: ConfigError for unknown options.
  static void check(const driver::ProducerConfig& config);
  /// Completes on the loop. Runs on the loop. Errors: what connecting reports.
  static void open(const std::shared_ptr<Context>& context, const std::shared_ptr<Trunk>& trunk,
                   const driver::ProducerConfig& config,
                   driver::Result<std::unique_ptr<driver::Producer>> done);

  struct Shared;
  explicit ProducerHandle(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~ProducerHandle() override;

  void send(std::span<driver::SendRequest> batch) override;
  void flush(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace omnibus::mqtt
