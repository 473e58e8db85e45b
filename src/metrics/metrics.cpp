#include "omnibus/metrics.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <omnibus/error.hpp>

namespace omnibus {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& target) : target_(target) {}
  void add(double amount) noexcept override { target_.Increment(amount); }
  double value() const noexcept override { return target_.Value(); }

 private:
  prometheus::Counter& target_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& target) : target_(target) {}
  void set(double value) noexcept override { target_.Set(value); }
  void add(double amount) noexcept override { target_.Increment(amount); }
  double value() const noexcept override { return target_.Value(); }

 private:
  prometheus::Gauge& target_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& target) : target_(target) {}
  void observe(double value) noexcept override { target_.Observe(value); }

 private:
  prometheus::Histogram& target_;
};

std::string with_suffix(std::string_view name, std::string_view suffix) {
  std::string full(name);
  if (!name.ends_with(suffix)) full += suffix;
  return full;
}

/// A label name from any text: "chunk-size" becomes "chunk_size".
std::string label_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (digit && name.empty()) name += '_';
    name += digit || letter ? c : '_';
  }
  if (name.starts_with("__")) name.insert(0, "label");
  return name.empty() ? "label" : name;
}

/// One kind of metric: its wrappers by name and labels.
template <class Interface>
using Series = std::map<std::pair<std::string, Labels>, std::unique_ptr<Interface>>;

}  // namespace

struct Metrics::Impl {
  mutable std::mutex mutex;  // guards the three maps and the order of state changes
  prometheus::Registry registry;
  Series<Counter> counters;
  Series<Gauge> gauges;
  Series<Histogram> histograms;

  /// The series, made by `make()` when it is new. Call with the mutex held.
  template <class Interface, class Make>
  static Interface& find(Series<Interface>& series, std::string name, const Labels& labels, Make make) {
    auto key = std::make_pair(std::move(name), labels);
    const auto found = series.find(key);
    if (found != series.end()) return *found->second;
    std::unique_ptr<Interface> created;
    try {
      created = make(key.first);
    } catch (const std::exception& reason) {
      throw ConfigError("metric " + key.first + ": " + reason.what(),
                        "names are letters, digits and '_'; one name has one kind and one set of labels");
    }
    return *series.emplace(std::move(key), std::move(created)).first->second;
  }

  Gauge& gauge(std::string name, std::string_view help, const Labels& labels) {
    return find(gauges, std::move(name), labels, [&](const std::string& full) {
      auto& family = prometheus::BuildGauge().Name(full).Help(std::string(help)).Register(registry);
      return std::make_unique<PrometheusGauge>(family.Add(labels));
    });
  }
};

const std::vector<double>& latency_buckets() {
  static const std::vector<double> buckets{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
  return buckets;
}

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  return Impl::find(impl_->counters, with_suffix(name, "_total"), labels, [&](const std::string& full) {
    auto& family = prometheus::BuildCounter().Name(full).Help(std::string(help)).Register(impl_->registry);
    return std::make_unique<PrometheusCounter>(family.Add(labels));
  });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->gauge(std::string(name), help, labels);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              const std::vector<double>& buckets) {
  const std::lock_guard lock(impl_->mutex);
  return Impl::find(impl_->histograms, std::string(name), labels, [&](const std::string& full) {
    if (std::adjacent_find(buckets.begin(), buckets.end(), std::greater_equal<>()) != buckets.end()) {
      throw std::invalid_argument("buckets must rise");
    }
    auto& family = prometheus::BuildHistogram().Name(full).Help(std::string(help)).Register(impl_->registry);
    return std::make_unique<PrometheusHistogram>(family.Add(labels, buckets));
  });
}

void Metrics::info(std::string_view name, std::string_view help, const Labels& labels) {
  Labels shown;
  for (const auto& [label, value] : labels) shown[label_name(label)] = redacted(label, value);
  const std::lock_guard lock(impl_->mutex);
  impl_->gauge(with_suffix(name, "_info"), help, shown).set(1);
}

void Metrics::state(std::string_view name, std::string_view help, const Labels& labels,
                    std::initializer_list<std::string_view> states, std::string_view current) {
  const std::lock_guard lock(impl_->mutex);
  for (const auto state : states) {
    auto all = labels;
    all[std::string(name)] = state;
    impl_->gauge(std::string(name), help, all).set(state == current ? 1 : 0);
  }
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace omnibus
