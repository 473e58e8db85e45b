/// Which queues a request goes to.

#include <omnibus/error.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned not_found = 404;

/// Text as Python's `repr` shows it, as existing clients know unknown kinds: 'nonesuch'.
std::string python_repr(std::string_view text) {
  const auto list = omnibus::json::python_text(json::array{json::string(text.data(), text.size())});
  return list.substr(1, list.size() - 2);
}

QueueName queue_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_string()) throw ConfigError(what + " is no queue name");
  try {
    return QueueName::parse(std::string(value->get_string()));
  } catch (const Error& error) {
    error.with_context(what).raise();
  }
}

/// What tells dispatchers of one flow apart.
std::string line_of(const ServiceType& type, const std::string& kind) {
  return type.kind.empty() ? std::string(type.name) + "/" + kind : std::string(type.name);
}

/// A service that the gateway does not know has a reader, as far as the broker can tell; else nobody would
/// ever answer. Errors: Error{not_found}.
void expect_reader(Bus bus, const QueueName& queue) {
  bool unread = false;
  try {
    unread = bus.statistics(queue).subscriptions.empty();
  } catch (const Error&) {  // no such figures here, or the broker is away, which the request will tell
  }
  if (unread) throw Error(ErrorCode::not_found, "Invalid kind");
}

const json::value& interface_of(const json::object& interfaces, std::string_view name) {
  const auto* interface = interfaces.if_contains({name.data(), name.size()});
  if (interface == nullptr) throw Undeliverable{"This kind not supported by flow", not_found};
  return *interface;
}

}  // namespace

void Dispatch::Core::global(const std::string& kind, const json::value& body, Obtained then) {
  const auto moved = options.queues.find(kind);
  const auto given = moved != options.queues.end() ? moved->second : ServiceQueues();
  const auto* type = find_service(global_services(), kind, body);
  if (type == nullptr && moved != options.queues.end()) type = &other_service();
  if (type == nullptr) throw Undeliverable{python_repr(kind), not_found};
  const auto queue = [&](const std::string& chosen, std::string_view usual) {
    return QueueName::parse(chosen.empty() ? std::string(usual) : chosen);
  };
  const auto plan = [&] {
    return DispatcherPlan{bus,
                          options.id,
                          "None",
                          kind,
                          queue(given.request, type->request),
                          queue(given.response, type->response),
                          options.timeout};
  };
  obtain(Key("", line_of(*type, kind)), *type, nullptr, plan, std::move(then));
}

FlowTable::Interfaces Dispatch::Core::interfaces_of(const std::string& flow) const {
  auto interfaces = flows.find(flow);
  if (interfaces != nullptr) return interfaces;
  throw Undeliverable{flows.known() ? "Invalid flow" : "Invalid flow: no configuration has come yet",
                      not_found};
}

void Dispatch::Core::in_flow(const std::string& flow, const std::string& kind, const json::value& body,
                             Obtained then) {
  const auto interfaces = interfaces_of(flow);
  const auto& interface = interface_of(*interfaces, kind);
  const auto* type = find_service(flow_services(), kind, body);
  if (type == nullptr) type = find_other(interface);
  if (type == nullptr) throw Undeliverable{"Invalid kind", not_found};
  const auto plan_of = [&] {
    const auto what = "flow '" + flow + "', interface " + kind;
    DispatcherPlan plan{bus, options.id, flow, kind, {}, {}, options.timeout};
    if (!type->answers) {
      plan.request = queue_of(&interface, what);
      return plan;
    }
    const auto* queues = interface.if_object();
    plan.request = queue_of(queues != nullptr ? queues->if_contains("request") : nullptr, what + ", request");
    plan.response =
        queue_of(queues != nullptr ? queues->if_contains("response") : nullptr, what + ", response");
    if (type == &other_service()) expect_reader(bus, plan.request);
    return plan;
  };
  obtain({flow, line_of(*type, kind)}, *type, interfaces, plan_of, std::move(then));
}

void Dispatch::Core::importer(const std::string& flow, const StreamType& type, Obtained then) {
  const auto interfaces = interfaces_of(flow);
  const auto& interface = interface_of(*interfaces, type.interface);
  const auto plan = [&] {
    auto queue = queue_of(&interface, "flow '" + flow + "', interface " + std::string(type.interface));
    return DispatcherPlan{bus, options.id,     flow, std::string(type.interface), std::move(queue),
                          {},  options.timeout};
  };
  obtain({flow, std::string(type.import.name)}, type.import, interfaces, plan, std::move(then));
}

QueueName Dispatch::Core::exported_queue(const std::string& flow, const StreamType& type) {
  const auto interfaces = interfaces_of(flow);
  return queue_of(&interface_of(*interfaces, type.interface),
                  "flow '" + flow + "', interface " + std::string(type.interface));
}

}  // namespace omnibus::gateway
