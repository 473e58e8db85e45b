#include "services/gateway/status/report.hpp"

#include <boost/json/array.hpp>

#include <omnibus/version.hpp>

namespace omnibus::gateway {

namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

template <class Number>
json::value number(const std::optional<Number>& value) {
  return value ? json::value(*value) : json::value();
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value() : json::value(view(text));
}

const QueueNumbers& numbers(const Report& report, const std::string& key) {
  static const QueueNumbers unknown;
  const auto found = report.survey.queues.find(key);
  return found != report.survey.queues.end() ? found->second : unknown;
}

const QueueNumbers& numbers_of(const Report& report, const std::string& queue) {
  return numbers(report, queue_key(QueueName::parse(queue)));
}

json::object flow(const Report& report, const WatchedFlow& flow) {
  json::array unread;
  bool known = true;
  for (const auto& service : report.watched.services) {
    if (service.flow != flow.id) continue;
    const auto readers = numbers_of(report, service.request).readers;
    known = known && readers.has_value();
    if (readers == 0) unread.emplace_back(view(service.name));
  }
  const char* state = !flow.readable    ? "unreadable"
                      : !unread.empty() ? "incomplete"
                      : known           ? "running"
                                        : "not known";
  return {{"id", view(flow.id)},
          {"description", view(flow.description)},
          {"blueprint", view(flow.blueprint)},
          {"state", state},
          {"unread", std::move(unread)}};
}

json::object service(const Report& report, const WatchedService& service) {
  const auto& request = numbers_of(report, service.request);
  return {{"name", view(service.name)},         {"flow", text_or_null(service.flow)},
          {"request", view(service.request)},   {"response", text_or_null(service.response)},
          {"readers", number(request.readers)}, {"waiting", number(request.waiting)}};
}

json::value rate_of(const Report& report, const std::string& key, std::optional<double> Traffic::*which) {
  const auto counted = [&](const TrafficByQueue& traffic) -> std::optional<double> {
    const auto found = traffic.find(key);
    const auto value = found != traffic.end() ? found->second.*which : std::nullopt;
    return value || !report.whole_system ? value : 0;
  };
  if (report.before == nullptr) return nullptr;
  return number(rate(counted(*report.before), counted(report.traffic), report.between));
}

json::object queue(const Report& report, const std::string& key, const WatchedQueue& queue) {
  const auto& told = numbers(report, key);
  return {{"name", queue.name.str()},
          {"kind", view(queue.kind)},
          {"in_per_second", rate_of(report, key, &Traffic::sent)},
          {"out_per_second", rate_of(report, key, &Traffic::received)},
          {"depth", number(told.depth)},
          {"in_flight", number(told.in_flight)},
          {"redelivered", number(told.redelivered)},
          {"dead_lettered", number(told.dead_lettered)}};
}

}  // namespace

json::object to_json(const Report& report) {
  json::array flows, services, queues;
  for (const auto& each : report.watched.flows) flows.push_back(flow(report, each));
  for (const auto& each : report.watched.services) services.push_back(service(report, each));
  for (const auto& [key, each] : report.watched.queues) queues.push_back(queue(report, key, each));
  return {{"configured", report.watched.configured},
          {"not_known", text_or_null(report.survey.why)},
          {"flows", std::move(flows)},
          {"services", std::move(services)},
          {"queues", std::move(queues)}};
}

void add_process(json::object& status, std::string_view id, std::string_view backend, Duration uptime) {
  status["id"] = view(id);
  status["version"] = OMNIBUS_VERSION;
  status["backend"] = view(backend);
  status["uptime"] = std::chrono::duration<double>(uptime).count();
}

void add_errors(json::object& status, const std::vector<FailedRequest>& failed) {
  json::array errors;
  for (const auto& each : failed) {
    errors.push_back(json::object{{"time", each.time.time_since_epoch().count()},
                                  {"request", text_or_null(each.request)},
                                  {"flow", text_or_null(each.flow)},
                                  {"service", text_or_null(each.service)},
                                  {"text", view(each.text)}});
  }
  status["errors"] = std::move(errors);
}

}  // namespace omnibus::gateway
