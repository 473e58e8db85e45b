#include "services/gateway/status/watched.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>

#include <omnibus/error.hpp>

#include "services/gateway/dispatch/services.hpp"
#include "services/gateway/json/body.hpp"
#include "services/gateway/status/traffic.hpp"

namespace omnibus::gateway {

namespace {

namespace json = boost::json;

constexpr auto flow_kind = "flow";

std::string text_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// What a processor's queue is for tells its key: "request", "text-completion-response" …
std::string kind_of(std::string_view key) {
  if (key.ends_with("request")) return "request";
  if (key.ends_with("response")) return "response";
  return flow_kind;
}

/// False when it is no queue's name.
bool add_queue(Watched& watched, const std::string& text, std::string kind) {
  try {
    auto name = QueueName::parse(text);
    auto key = queue_key(name);
    watched.queues.try_emplace(std::move(key), WatchedQueue{std::move(name), std::move(kind)});
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

void add_service(Watched& watched, WatchedService service) {
  const bool answers = !service.response.empty();
  if (!add_queue(watched, service.request, answers ? "request" : flow_kind)) return;
  if (answers && !add_queue(watched, service.response, "response")) return;
  watched.services.push_back(std::move(service));
}

/// An object, or nothing.
std::optional<json::object> parse_object(const std::string& text) {
  try {
    auto value = parse_body(text);
    if (value.is_object()) return std::move(value.get_object());
  } catch (const NotJson&) {  // told by the flow table and the processors
  }
  return std::nullopt;
}

void add_interfaces(Watched& watched, const std::string& flow, const json::object& interfaces) {
  for (const auto& [name, interface] : interfaces) {
    WatchedService service{.flow = flow, .name = name, .request = {}, .response = {}};
    if (interface.is_string()) {
      service.request = std::string(interface.get_string());
    } else if (const auto* queues = interface.if_object()) {
      service.request = text_of(*queues, "request");
      service.response = text_of(*queues, "response");
    }
    add_service(watched, std::move(service));
  }
}

void add_flow(Watched& watched, const std::string& id, const std::string& text) {
  const auto definition = parse_object(text);
  const auto* interfaces = definition ? definition->if_contains("interfaces") : nullptr;
  if (interfaces == nullptr || !interfaces->is_object()) {
    watched.flows.push_back({.id = id, .description = {}, .blueprint = {}, .readable = false});
    return;
  }
  watched.flows.push_back({.id = id,
                           .description = text_of(*definition, "description"),
                           .blueprint = text_of(*definition, "blueprint-name")});
  add_interfaces(watched, id, interfaces->get_object());
}

/// {variant: {key: queue or other text}} of one processor.
void add_processor(Watched& watched, const std::string& text) {
  const auto variants = parse_object(text);
  if (!variants) return;
  for (const auto& variant : *variants) {
    if (!variant.value().is_object()) continue;
    for (const auto& [key, queue] : variant.value().get_object()) {
      if (queue.is_string()) add_queue(watched, std::string(queue.get_string()), kind_of(key));
    }
  }
}

}  // namespace

Watched watch_global(const std::map<std::string, ServiceQueues>& moved, const std::string& config_push) {
  Watched watched;
  for (const auto& type : global_services()) {
    if (!watched.services.empty() && watched.services.back().name == type.kind) continue;
    WatchedService service{.flow = {},
                           .name = std::string(type.kind),
                           .request = std::string(type.request),
                           .response = std::string(type.response)};
    if (const auto given = moved.find(service.name); given != moved.end()) {
      if (!given->second.request.empty()) service.request = given->second.request;
      if (!given->second.response.empty()) service.response = given->second.response;
    }
    add_service(watched, std::move(service));
  }
  for (const auto& [name, queues] : moved) {
    const auto same = [&](const WatchedService& each) { return each.name == name; };
    if (std::any_of(watched.services.begin(), watched.services.end(), same)) continue;
    add_service(watched, {.flow = {}, .name = name, .request = queues.request, .response = queues.response});
  }
  add_queue(watched, config_push, "configuration");
  return watched;
}

void watch_flows(Watched& watched, const framework::Configuration& configuration) {
  watched.configured = true;
  if (const auto flows = configuration.find("flow"); flows != configuration.end()) {
    for (const auto& [id, text] : flows->second) add_flow(watched, id, text);
  }
  if (const auto active = configuration.find("active-flow"); active != configuration.end()) {
    for (const auto& [processor, text] : active->second) add_processor(watched, text);
  }
}

}  // namespace omnibus::gateway
