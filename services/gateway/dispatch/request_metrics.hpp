#pragma once

#include <map>
#include <mutex>
#include <string>

#include <omnibus/metrics.hpp>

namespace omnibus::gateway {

/// What is counted per service.
struct ServiceMetrics {
  Counter& success;
  Counter& error;
  Histogram& latency;
};

/// What is counted per request queue.
struct QueueMetrics {
  Counter& success;
  Counter& error;
  Gauge& outstanding;
};

/// The series of requests, few and found without a search in the registry. Threads: any.
class RequestMetrics {
 public:
  /// Beyond so many queues the rest share the label "other".
  static constexpr std::size_t most_queues = 500;

  RequestMetrics(Metrics metrics, std::string processor);

  /// `service`: one of a fixed few.
  ServiceMetrics of_service(const std::string& service);
  QueueMetrics of_queue(const std::string& queue);

 private:
  Counter& count(const std::string& by, const std::string& value, const char* status);

  Metrics metrics_;
  const std::string processor_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, ServiceMetrics> services_;
  std::map<std::string, QueueMetrics> queues_;
};

}  // namespace omnibus::gateway
