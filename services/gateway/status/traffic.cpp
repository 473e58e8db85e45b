#include "services/gateway/status/traffic.hpp"

#include <algorithm>
#include <charconv>

#include <omnibus/error.hpp>

namespace omnibus::gateway {

namespace {

constexpr std::string_view sent_series = "omnibus_sent_total{";
constexpr std::string_view received_series = "omnibus_received_total{";

/// The value of the label `queue`; leaves in `line` what follows the labels. Empty when there is none.
std::optional<std::string> queue_label(std::string_view& line) {
  std::optional<std::string> queue;
  while (!line.empty() && line.front() != '}') {
    const auto name = line.substr(0, line.find('='));
    line.remove_prefix(std::min(name.size() + 2, line.size()));  // name="
    std::string value;
    while (!line.empty() && line.front() != '"') {
      if (line.front() == '\\' && line.size() > 1) {
        line.remove_prefix(1);
        value += line.front() == 'n' ? '\n' : line.front();
      } else {
        value += line.front();
      }
      line.remove_prefix(1);
    }
    line.remove_prefix(std::min<std::size_t>(1, line.size()));
    if (line.starts_with(',')) line.remove_prefix(1);
    if (name == "queue") queue = std::move(value);
  }
  line.remove_prefix(std::min<std::size_t>(2, line.size()));  // "} "
  return queue;
}

void add(TrafficByQueue& traffic, std::string_view labels, std::optional<double> Traffic::*which) {
  const auto queue = queue_label(labels);
  double value = 0;
  if (!queue || std::from_chars(labels.data(), labels.data() + labels.size(), value).ec != std::errc())
    return;
  try {
    auto& total = traffic[queue_key(QueueName::parse(*queue))].*which;
    total = total.value_or(0) + value;
  } catch (const ConfigError&) {  // no queue of ours
  }
}

}  // namespace

std::string queue_key(const QueueName& queue) {
  const char* kind = queue.qos == Qos::best_effort ? "q0/" : "q1/";
  return kind + queue.tenant + "/" + queue.space + "/" + queue.name;
}

TrafficByQueue read_traffic(std::string_view metrics) {
  TrafficByQueue traffic;
  while (!metrics.empty()) {
    auto line = metrics.substr(0, metrics.find('\n'));
    metrics.remove_prefix(std::min(line.size() + 1, metrics.size()));
    if (line.starts_with(sent_series)) {
      add(traffic, line.substr(sent_series.size()), &Traffic::sent);
    } else if (line.starts_with(received_series)) {
      add(traffic, line.substr(received_series.size()), &Traffic::received);
    }
  }
  return traffic;
}

std::optional<double> rate(std::optional<double> before, std::optional<double> now, Duration between) {
  if (!now || between <= Duration::zero()) return std::nullopt;
  // A queue's series appears with its first message.
  const auto seconds = std::chrono::duration<double>(between).count();
  return std::max(0.0, *now - before.value_or(0)) / seconds;
}

}  // namespace omnibus::gateway
