#include "services/gateway/dispatch/readiness.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <omnibus/catalogue/config.hpp>

#include "services/gateway/dispatch/core.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

/// What keeps the configuration from coming, as far as the broker can tell; empty when it cannot be reached.
std::string why_no_configuration(Bus& bus, const QueueName& queue, json::array& missing) {
  const std::string service = "service config: ";
  try {
    const auto readers = bus.statistics(queue).subscriptions;
    const bool read = std::any_of(readers.begin(), readers.end(),
                                  [](const auto& each) { return each.second.consumers > 0; });
    return service + std::string(read ? "no answer yet to the question on " : "nobody reads ") + queue.str();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout) {
      missing.emplace_back("backend " + std::string(bus.backend()) + ": " + error.message());
      return {};
    }
    return service + "no answer yet to the question on " + queue.str();
  }
}

}  // namespace

Answer readiness(const Dispatch::Core& core) {
  constexpr unsigned unavailable = 503;
  json::array missing;
  const auto given = core.options.queues.find("config");
  const bool moved = given != core.options.queues.end() && !given->second.request.empty();
  const auto queue =
      QueueName::parse(moved ? given->second.request : std::string(catalogue::config_request_queue));
  auto bus = core.bus;
  auto why = why_no_configuration(bus, queue, missing);
  if (!core.flows.known() && !why.empty()) missing.emplace_back(std::move(why));
  if (missing.empty()) return {.body = R"({"status": "ready"})"};
  return {.body = json::serialize(json::object{{"status", "not ready"}, {"missing", std::move(missing)}}),
          .status = unavailable};
}

}  // namespace omnibus::gateway
