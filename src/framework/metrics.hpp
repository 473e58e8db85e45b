#pragma once

/// The framework's metrics, with the names and labels that existing dashboards read.

#include <string>
#include <string_view>

#include <omnibus/metrics.hpp>

namespace omnibus::framework {

inline Labels labels_of(const std::string& id, const std::string& flow, const std::string& name) {
  return {{"processor", id}, {"flow", flow}, {"name", name}};
}

inline Labels with_status(Labels labels, const char* status) {
  labels["status"] = status;
  return labels;
}

/// Handlers that went on when their consumer's time to stop was over.
inline Gauge& abandoned_handlers(Metrics& metrics) {
  return metrics.gauge("abandoned_handlers", "Handlers that still run after their consumer has stopped");
}

/// Threads: any.
class ConsumerMetrics {
 public:
  ConsumerMetrics(Metrics metrics, const std::string& id, const std::string& flow, const std::string& name)
      : metrics_(std::move(metrics)),
        labels_(labels_of(id, flow, name)),
        latency(metrics_.histogram("request_latency", "Request latency (seconds)", labels_)),
        success(processed("success")),
        error(processed("error")),
        rate_limited(metrics_.counter("rate_limit_count", "Rate limit event count", labels_)),
        abandoned(abandoned_handlers(metrics_)) {
    running(false);
  }

  void running(bool value) {
    metrics_.state("consumer_state", "Consumer state", labels_, {"stopped", "running"},
                   value ? "running" : "stopped");
  }

 private:
  Counter& processed(const char* status) {
    return metrics_.counter("processing_count", "Processing count", with_status(labels_, status));
  }

  Metrics metrics_;
  const Labels labels_;

 public:
  Histogram& latency;
  Counter& success;
  Counter& error;
  Counter& rate_limited;
  Gauge& abandoned;
};

/// Of a transactional consumer, by how its transactions end. Threads: any.
struct TransactionMetrics {
  TransactionMetrics(Metrics registry, const Labels& labels)
      : metrics(std::move(registry)),
        committed(ended(labels, "committed")),
        aborted(ended(labels, "aborted")),
        refused(ended(labels, "refused")),
        stale(ended(labels, "stale_ack")),
        unknown(ended(labels, "unknown_outcome")) {}

  Counter& ended(const Labels& labels, const char* status) {
    return metrics.counter("transaction_count", "Transactions of handlers by their end",
                           with_status(labels, status));
  }

  Metrics metrics;
  Counter &committed, &aborted, &refused, &stale, &unknown;
};

/// Threads: any.
class SubscriberMetrics {
 public:
  SubscriberMetrics(Metrics metrics, const std::string& id, const std::string& flow, const std::string& name)
      : metrics_(std::move(metrics)),
        labels_(labels_of(id, flow, name)),
        received(metrics_.counter("received_count", "Received count", labels_)),
        dropped(metrics_.counter("dropped_count", "Dropped messages count", labels_)) {
    running(false);
  }

  void running(bool value) {
    metrics_.state("subscriber_state", "Subscriber state", labels_, {"stopped", "running"},
                   value ? "running" : "stopped");
  }

 private:
  Metrics metrics_;
  const Labels labels_;

 public:
  Counter& received;
  Counter& dropped;
};

}  // namespace omnibus::framework
