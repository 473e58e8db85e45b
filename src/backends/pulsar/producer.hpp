#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "backends/pulsar/topic_producer.hpp"

namespace omnibus::pulsar {

/// A producer as core sees it: takes messages on any thread, hands them to the producers of the topic's
/// partitions on the loop. Messages with a key go to the key's partition, the others all to one.
class ProducerHandle final : public driver::Producer {
 public:
  /// Completes on the loop. Runs on the loop. Errors: what the broker says.
  static void open(const std::shared_ptr<Session>& session, const driver::ProducerConfig& config,
                   driver::Result<std::unique_ptr<driver::Producer>> done);
  /// Errors: ConfigError for unknown options.
  static TopicProducer::Config parse(const driver::ProducerConfig& config, const Parameters& defaults);

  struct Shared;
  explicit ProducerHandle(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~ProducerHandle() override;

  void send(std::span<driver::SendRequest> batch) override;
  void flush(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace omnibus::pulsar
