#pragma once

/// Counters, gauges and histograms in Prometheus' model, and the port that serves them.
/// Threads: any thread for every call.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/detail/export.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus {

/// Label names to values; names as Prometheus has them: [a-zA-Z_][a-zA-Z0-9_]*.
using Labels = std::map<std::string, std::string>;

/// Rises only. Threads: any.
class Counter {
 public:
  virtual ~Counter() = default;
  /// `amount` below zero changes nothing.
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

/// `value`, or "***" when `name` suggests a secret (password, token, api key …); user information and secret
/// parameters inside a URL are replaced too. For everything that shows settings: logs, metrics, pages.
std::string redacted(std::string_view name, std::string_view value);

/// The default buckets of request latencies, seconds (.005 to 10).
const std::vector<double>& latency_buckets();

/// A registry of metrics in Prometheus' model. A cheap shared handle; series live as long as any handle.
/// Asking again with the same name and labels returns the same series; the first help text stays. Counters
/// get the suffix "_total". Asking for a series is a search under a lock: keep the reference. Errors:
/// ConfigError for a malformed name or label, or a name that another kind of metric has. Threads: any.
class Metrics {
 public:
  /// A new, empty registry.
  Metrics();

  /// Units stand in the name, as Prometheus asks for: `_seconds`, `_bytes`. References live as long as the
  /// registry.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                       const std::vector<double>& buckets = latency_buckets());
  /// Sets `<name>_info` to 1 with these labels; labels whose name suggests a secret are redacted.
  void info(std::string_view name, std::string_view help, const Labels& labels);
  /// A series per state, named by a label called like the metric; the current one is 1.
  void state(std::string_view name, std::string_view help, const Labels& labels,
             std::initializer_list<std::string_view> states, std::string_view current);

  /// Every series, in Prometheus' text format 0.0.4.
  std::string text() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Serves /metrics, /healthz (alive) and /readyz (200 when ready, else 503 with the reason) on one port.
/// Threads: one of its own; safe from any.
class AdminServer {
 public:
  /// Binds 0.0.0.0 unless told otherwise; port 0 takes a free one. Errors: ConfigError for a port in use or
  /// one that needs more rights, naming it, and for a malformed address.
  AdminServer(Metrics metrics, std::uint16_t port, std::string_view address = "0.0.0.0");
  /// Waits for a check that is running.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// The port in use, also when 0 was asked for.
  std::uint16_t port() const noexcept;
  /// Asked at each /readyz, on the server's thread: empty means ready, else the reason. Without a check it is
  /// ready. A check that throws is not ready.
  void ready_when(std::function<std::string()> check);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus
OMNIBUS_EXPORT_END
