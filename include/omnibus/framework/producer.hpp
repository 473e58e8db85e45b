#pragma once

#include <string>

#include <omnibus/bus.hpp>

namespace omnibus::framework {

/// A producer with metrics, connected on first use and again after any failure.
/// Metrics: producer_count.
/// Threads: any.
template <Schema T>
class Producer {
 public:
  Producer(Bus bus, std::string id, std::string flow, std::string name, QueueName queue,
           ProducerOptions options = {});

  /// Returns when the broker has accepted the message. Errors: as omnibus::Producer::send; ClosedError after
  /// stop().
  void send(const T& value, const Properties& properties = {});
  /// As omnibus::Producer::send_async.
  void send_async(const T& value, const Properties& properties, Completion done);
  void flush(Duration timeout = std::chrono::seconds(30));
  CloseReport stop(Duration timeout = std::chrono::seconds(10)) noexcept;
};

}  // namespace omnibus::framework
