#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace omnibus {

using Labels = std::map<std::string, std::string>;

/// Rises only. Threads: any.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) noexcept = 0;
  virtual double value() const noexcept = 0;
};

/// Rises and falls. Threads: any.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) noexcept = 0;
  virtual void add(double amount) noexcept = 0;
  virtual double value() const noexcept = 0;
};

/// Counts observations in buckets. Threads: any.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) noexcept = 0;
};

/// The default buckets of request latencies, seconds (.005 to 10).
const std::vector<double>& latency_buckets();

/// A registry of metrics in Prometheus' model. A cheap shared handle; series live as long as any handle.
/// Asking again with the same name and labels returns the same series. Counters get the suffix "_total".
/// Threads: any.
class Metrics {
 public:
  Metrics();

  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                       const std::vector<double>& buckets = latency_buckets());
  /// Sets `<name>_info` to 1 with these labels; labels whose name suggests a secret are redacted.
  void info(std::string_view name, std::string_view help, const Labels& labels);
  /// A series per state, named by a label called like the metric; the current one is 1.
  void state(std::string_view name, std::string_view help, const Labels& labels,
             std::initializer_list<std::string_view> states, std::string_view current);

  /// Prometheus text format.
  std::string text() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Serves /metrics, /healthz (alive) and /readyz (200 when ready, else 503 with the reason) on one port.
/// Threads: one of its own; safe from any.
class AdminServer {
 public:
  /// Binds 0.0.0.0 unless told otherwise; port 0 takes a free one. Errors: Error{conflict} naming the port in
  /// use.
  AdminServer(Metrics metrics, std::uint16_t port, std::string_view address = "0.0.0.0");
  ~AdminServer();
  std::uint16_t port() const noexcept;
  /// Asked at each /readyz: empty means ready, else the reason.
  void ready_when(std::function<std::string()> check);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus
