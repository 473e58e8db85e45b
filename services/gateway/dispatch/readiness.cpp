#include "services/gateway/dispatch/readiness.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <omnibus/catalogue/config.hpp>
#include <omnibus/producer.hpp>
#include <omnibus/raw.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/gateway/dispatch/services.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

enum class Readers : std::uint8_t { some, none, unknown };

/// Errors: Error when the backend cannot be reached.
Readers readers_of(Bus& bus, const QueueName& queue) {
  try {
    const auto subscriptions = bus.statistics(queue).subscriptions;
    const bool read = std::any_of(subscriptions.begin(), subscriptions.end(),
                                  [](const auto& each) { return each.second.consumers > 0; });
    return read ? Readers::some : Readers::none;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout) throw;
    return Readers::unknown;  // the backend has no such figures, or no such queue yet
  }
}

/// Errors: Error when the backend cannot be reached.
void reach(Bus& bus, const QueueName& queue) {
  (void)bus.create_producer<Raw>(queue, {.fail_fast = true}).close(Duration::zero());
}

/// Where requests to a global service go.
std::string request_queue(const DispatchOptions& options, std::string_view service, std::string_view usual) {
  const auto given = options.queues.find(std::string(service));
  const bool moved = given != options.queues.end() && !given->second.request.empty();
  return moved ? given->second.request : std::string(usual);
}

/// Lists what nobody reads; looks at so many services at most.
class Unserved {
 public:
  static constexpr std::size_t most = 200;

  explicit Unserved(Bus bus) : bus_(std::move(bus)) {}
  void look(const std::string& service, const std::string& queue) {
    if (++looked_ > most || readers_of(bus_, QueueName::parse(queue)) != Readers::none) return;
    found_.emplace_back(service + ": nobody reads " + queue);
  }
  void look(const std::string& flow, const json::object& interfaces) {
    for (const auto& [kind, interface] : interfaces) {
      const auto* queues = interface.if_object();
      const auto* request = queues != nullptr ? queues->if_contains("request") : nullptr;
      if (request == nullptr || !request->is_string()) continue;
      const auto what = "service " + std::string(kind) + " of flow " + flow;
      try {
        look(what, std::string(request->get_string()));
      } catch (const ConfigError& error) {
        found_.emplace_back(what + ": " + error.message());
      }
    }
  }
  json::array take() { return std::move(found_); }

 private:
  Bus bus_;
  std::size_t looked_ = 0;
  json::array found_;
};

json::array unserved(const Dispatch::Core& core) {
  Unserved result(core.bus);
  std::string last;
  for (const auto& service : global_services()) {
    if (std::exchange(last, std::string(service.kind)) == service.kind) continue;
    result.look("service " + last, request_queue(core.options, service.kind, service.request));
  }
  for (const auto& [service, queues] : core.options.queues) {
    const auto known = find_service(global_services(), service, json::object()) != nullptr;
    if (!known) result.look("service " + service, queues.request);
  }
  for (const auto& [flow, interfaces] : core.flows.all()) result.look(flow, *interfaces);
  return result.take();
}

}  // namespace

std::vector<std::string> missing_parts(const Dispatch::Core& core) {
  const auto queue = QueueName::parse(request_queue(core.options, "config", catalogue::config_request_queue));
  auto bus = core.bus;
  try {
    const auto readers = readers_of(bus, queue);
    if (readers == Readers::unknown) reach(bus, queue);
    if (core.flows.known()) return {};
    const std::string why = readers == Readers::none ? "nobody reads " : "no answer yet to the question on ";
    return {"service config: " + why + queue.str()};
  } catch (const Error& error) {
    return {"backend " + std::string(bus.backend()) + ": " + error.message()};
  }
}

Answer readiness(const Dispatch::Core& core) {
  constexpr unsigned unavailable = 503;
  const auto missing = missing_parts(core);
  if (!missing.empty()) {
    json::array list(missing.begin(), missing.end());
    return {.body = json::serialize(json::object{{"status", "not ready"}, {"missing", std::move(list)}}),
            .status = unavailable};
  }
  json::object body{{"status", "ready"}};
  if (auto list = unserved(core); !list.empty()) body.emplace("unserved", std::move(list));
  return {.body = json::serialize(body)};
}

}  // namespace omnibus::gateway
