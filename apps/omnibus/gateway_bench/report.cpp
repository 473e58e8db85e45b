#include "gateway_bench/report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "progress.hpp"

namespace omnibus::app::gateway_bench {

namespace json = boost::json;

namespace {

constexpr double median = .5, late = .99;

/// The same measurement without slow readers; null when there is none.
const Measured* alone(const Report& report, const Measured& run) {
  const auto found = std::find_if(report.runs.begin(), report.runs.end(), [&](const Measured& each) {
    return !each.beside_slow_readers && each.protocol == run.protocol && each.connections == run.connections;
  });
  return found == report.runs.end() ? nullptr : &*found;
}

std::string row(const Report& report, const Measured& run) {
  auto text = fmt::format("{:<10} {:>11} {:>10} {:>11.0f} {:>10.1f} {:>10.1f} {:>7}", to_string(run.protocol),
                          run.connections, run.latencies.size(), run.rate(), run.latency(median),
                          run.latency(late), run.errors());
  if (run.beside_slow_readers) {
    text += "  beside slow readers";
    const auto* before = alone(report, run);
    if (before != nullptr && before->latency(late) > 0)
      text += fmt::format(", p99 {:.2f} times", run.latency(late) / before->latency(late));
  }
  for (const auto& [failure, times] : run.failures) text += fmt::format("\n  {} x {}", times, failure);
  return text + "\n";
}

std::string line(std::string_view what, const Presence& presence) {
  auto text = fmt::format("{}: {}", what, presence.clients);
  if (presence.lost > 0) text += fmt::format(", of which the server cut off {}", presence.lost);
  if (presence.before && presence.with) {
    const auto more = *presence.with > *presence.before ? *presence.with - *presence.before : 0;
    text += fmt::format("; the server's memory: {} before, {} with them, {} each",
                        readable_size(*presence.before), readable_size(*presence.with),
                        readable_size(more / presence.clients));
  }
  return text + "\n";
}

json::object object_of(const Measured& run) {
  return {{"protocol", to_string(run.protocol).data()},
          {"connections", run.connections},
          {"beside_slow_readers", run.beside_slow_readers},
          {"requests", run.latencies.size()},
          {"errors", run.errors()},
          {"seconds", run.seconds},
          {"requests_per_second", run.rate()},
          {"p50_us", run.latency(median)},
          {"p99_us", run.latency(late)},
          {"max_us", run.latency(1)}};
}

json::object object_of(const Presence& presence) {
  json::object result{{"clients", presence.clients}, {"lost", presence.lost}};
  if (presence.before) result.emplace("memory_before", *presence.before);
  if (presence.with) result.emplace("memory_with", *presence.with);
  return result;
}

}  // namespace

std::uint64_t Report::errors() const {
  std::uint64_t sum = (idle ? idle->lost : 0) + (slow_readers ? slow_readers->lost : 0);
  for (const auto& run : runs) sum += run.errors();
  return sum;
}

std::string as_table(const Plan& plan, const Report& report) {
  auto text = fmt::format("{}, {} bytes a request\n\n{:<10} {:>11} {:>10} {:>11} {:>10} {:>10} {:>7}\n",
                          plan.target.url, plan.body.size(), "protocol", "connections", "requests",
                          "requests/s", "p50 us", "p99 us", "errors");
  for (const auto& run : report.runs) text += row(report, run);
  if (report.idle || report.slow_readers) text += "\n";
  if (report.idle) text += line("idle sockets", *report.idle);
  if (report.slow_readers) text += line("slow readers", *report.slow_readers);
  return text;
}

std::string as_json(const Plan& plan, const Report& report) {
  json::array runs;
  for (const auto& run : report.runs) runs.emplace_back(object_of(run));
  json::object all{{"url", plan.target.url},
                   {"service", plan.target.service},
                   {"flow", plan.target.flow},
                   {"body_bytes", plan.body.size()},
                   {"runs", std::move(runs)}};
  if (report.idle) all.emplace("idle", object_of(*report.idle));
  if (report.slow_readers) all.emplace("slow_readers", object_of(*report.slow_readers));
  return json::serialize(all) + "\n";
}

}  // namespace omnibus::app::gateway_bench
