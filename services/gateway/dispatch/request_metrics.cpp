#include "services/gateway/dispatch/request_metrics.hpp"

#include <utility>

namespace omnibus::gateway {

RequestMetrics::RequestMetrics(Metrics metrics, std::string processor)
    : metrics_(std::move(metrics)), processor_(std::move(processor)) {}

ServiceMetrics RequestMetrics::of_service(const std::string& service) {
  const std::lock_guard lock(mutex_);
  const auto found = services_.find(service);
  if (found != services_.end()) return found->second;
  auto& latency = metrics_.histogram("gateway_request_latency", "Seconds until the last answer",
                                     {{"processor", processor_}, {"service", service}});
  const ServiceMetrics made{count("service", service, "success"), count("service", service, "error"),
                            latency};
  return services_.emplace(service, made).first->second;
}

QueueMetrics RequestMetrics::of_queue(const std::string& queue) {
  static const std::string other = "other";
  const std::lock_guard lock(mutex_);
  const auto known = queues_.find(queue);
  if (known != queues_.end()) return known->second;
  const auto& label = queues_.size() < most_queues ? queue : other;
  const auto found = queues_.find(label);
  if (found != queues_.end()) return found->second;
  auto& outstanding = metrics_.gauge("gateway_queue_outstanding", "Requests without their last answer",
                                     {{"processor", processor_}, {"queue", label}});
  const QueueMetrics made{count("queue", label, "success"), count("queue", label, "error"), outstanding};
  return queues_.emplace(label, made).first->second;
}

Counter& RequestMetrics::count(const std::string& by, const std::string& value, const char* status) {
  const auto* name = by == "queue" ? "gateway_queue_request_count" : "gateway_request_count";
  return metrics_.counter(name, "Requests answered by the gateway",
                          {{"processor", processor_}, {by, value}, {"status", status}});
}

}  // namespace omnibus::gateway
