#include "services/gateway/dispatch/dispatch.hpp"

#include <boost/json/serialize.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/gateway/dispatch/cores.hpp"
#include "services/gateway/dispatch/streams.hpp"
#include "services/gateway/json/body.hpp"
#include "services/json/python_text.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned bad_request = 400;
constexpr unsigned not_found = 404;
constexpr unsigned too_large = 413;

/// Text as Python's `repr` shows it, as existing clients know unknown kinds: 'nonesuch'.
std::string python_repr(std::string_view text) {
  const auto list = omnibus::json::python_text(json::array{json::string(text.data(), text.size())});
  return list.substr(1, list.size() - 2);
}

std::string text_field(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* value = object != nullptr ? object->if_contains({key.data(), key.size()}) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

QueueName queue_of(const json::value* value, const std::string& what) {
  if (value == nullptr || !value->is_string()) throw ConfigError(what + " is no queue name");
  try {
    return QueueName::parse(std::string(value->get_string()));
  } catch (const Error& error) {
    error.with_context(what).raise();
  }
}

const json::value& interface_of(const json::object& interfaces, std::string_view name) {
  const auto* interface = interfaces.if_contains({name.data(), name.size()});
  if (interface == nullptr) throw Undeliverable{"This kind not supported by flow", not_found};
  return *interface;
}

}  // namespace

/// Delivers, after the first configuration where that matters.
void Dispatch::Core::serve(std::optional<std::string> flow, std::string service, json::value body,
                           std::shared_ptr<Exchange> exchange) {
  if (!flow || flows.known()) return deliver(flow, service, body, exchange);
  auto later = [self = shared_from_this(), flow = std::move(flow), service = std::move(service),
                body = std::move(body),
                exchange = std::move(exchange)] { self->deliver(flow, service, body, exchange); };
  try {
    wait(FlowTable::Wanted::known, {}, std::move(later));
  } catch (const Error& error) {  // the Bus is closed: the exchange answers when it goes
    log::write(log::Level::warning, std::string("gateway: ") + error.what());
  }
}

void Dispatch::Core::deliver(const std::optional<std::string>& flow, const std::string& service,
                             const json::value& body, const std::shared_ptr<Exchange>& exchange) {
  try {
    const auto types = flow ? flow_services() : global_services();
    exchange->count_as(metrics_of(service, find_service(types, service, body) != nullptr));
    const auto dispatcher = flow ? in_flow(*flow, service, body) : global(service, body);
    if (!flow) settle(service, body, *exchange);
    dispatcher->request(body, exchange);
  } catch (const Undeliverable& error) {
    exchange->dispatch_error(error.text, error.status);
  } catch (const std::exception&) {
    exchange->dispatch_error(to_error(std::current_exception()));
  }
}

std::shared_ptr<Dispatcher> Dispatch::Core::global(const std::string& kind, const json::value& body) {
  const auto* type = find_service(global_services(), kind, body);
  if (type == nullptr) throw Undeliverable{python_repr(kind), not_found};
  return obtain({}, *type, nullptr, [&] {
    return DispatcherPlan{bus,
                          options.id,
                          "None",
                          kind,
                          QueueName::parse(type->request),
                          QueueName::parse(type->response),
                          options.timeout};
  });
}

FlowTable::Interfaces Dispatch::Core::interfaces_of(const std::string& flow) const {
  auto interfaces = flows.find(flow);
  if (interfaces != nullptr) return interfaces;
  throw Undeliverable{flows.known() ? "Invalid flow" : "Invalid flow: no configuration has come yet",
                      not_found};
}

std::shared_ptr<Dispatcher> Dispatch::Core::in_flow(const std::string& flow, const std::string& kind,
                                                    const json::value& body) {
  const auto interfaces = interfaces_of(flow);
  const auto& interface = interface_of(*interfaces, kind);
  const auto* type = find_service(flow_services(), kind, body);
  if (type == nullptr) throw Undeliverable{"Invalid kind", not_found};
  return obtain(flow, *type, interfaces, [&] {
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
    return plan;
  });
}

std::shared_ptr<Dispatcher> Dispatch::Core::importer(const std::string& flow, const StreamType& type) {
  const auto interfaces = interfaces_of(flow);
  const auto& interface = interface_of(*interfaces, type.interface);
  return obtain(flow, type.import, interfaces, [&] {
    auto queue = queue_of(&interface, "flow '" + flow + "', interface " + std::string(type.interface));
    return DispatcherPlan{bus, options.id,     flow, std::string(type.interface), std::move(queue),
                          {},  options.timeout};
  });
}

QueueName Dispatch::Core::exported_queue(const std::string& flow, const StreamType& type) {
  const auto interfaces = interfaces_of(flow);
  return queue_of(&interface_of(*interfaces, type.interface),
                  "flow '" + flow + "', interface " + std::string(type.interface));
}

/// The dispatcher, made by the first who asks while the others wait for it. One made from other interfaces,
/// by a request that had looked them up before they changed, is never used.
std::shared_ptr<Dispatcher> Dispatch::Core::obtain(const std::string& flow, const ServiceType& type,
                                                   const FlowTable::Interfaces& interfaces,
                                                   const std::function<DispatcherPlan()>& plan) {
  const Key key(flow, type.name);
  const auto mine = std::make_shared<Slot>(interfaces);
  std::shared_ptr<Slot> slot = mine;
  std::shared_ptr<Slot> replaced;  // let go outside the lock
  {
    const std::lock_guard lock(mutex);
    if (stopped) throw ClosedError("the gateway is shutting down");
    auto& kept = slots[key];
    if (kept && kept->made_from(interfaces)) {
      slot = kept;
    } else {
      replaced = std::exchange(kept, mine);
    }
  }
  if (slot == mine) {
    try {
      std::shared_ptr<Dispatcher> dispatcher(type.make(plan()).release(), DeleteOnPool{bus});
      remember(dispatcher);
      mine->promise.set_value(std::move(dispatcher));
      if (!mine->made_from(flow.empty() ? nullptr : flows.find(flow))) forget(key, mine);
    } catch (...) {
      forget(key, mine);  // the next request tries again
      mine->promise.set_exception(std::current_exception());
    }
  }
  return slot->dispatcher.get();
}

void Dispatch::Core::remember(const std::shared_ptr<Dispatcher>& dispatcher) {
  const std::lock_guard lock(mutex);
  std::erase_if(made, [](const auto& each) { return each.expired(); });
  made.push_back(dispatcher);
}

void Dispatch::Core::forget(const Key& key, const std::shared_ptr<Slot>& slot) {
  const std::lock_guard lock(mutex);
  const auto found = slots.find(key);
  if (found != slots.end() && found->second == slot) slots.erase(found);
}

/// Holds the answer to start-flow and stop-flow until the flow has come or gone here too, so that the
/// client's next request finds what it was told.
void Dispatch::Core::settle(const std::string& service, const json::value& body, Exchange& exchange) {
  const auto operation = text_field(body, "operation");
  auto flow = text_field(body, "flow-id");
  const bool starts = operation == "start-flow";
  if (service != "flow" || flow.empty() || (!starts && operation != "stop-flow")) return;
  const auto wanted = starts ? FlowTable::Wanted::present : FlowTable::Wanted::absent;
  exchange.hold_last([self = shared_from_this(), wanted, flow = std::move(flow)](
                         std::function<void()> proceed) { self->wait(wanted, flow, std::move(proceed)); });
}

/// Runs `then` on the pool when the condition holds, and at the latest after options.settle.
void Dispatch::Core::wait(FlowTable::Wanted wanted, std::string flow, UniqueFunction<void()> then) {
  auto post = [bus = bus, then = std::move(then)]() mutable { bus.post(std::move(then)); };
  auto waiter = flows.when(wanted, std::move(flow), std::move(post));
  if (waiter) bus.post_at(deadline_after(options.settle), [waiter] { waiter->run(); });
}

void Dispatch::Core::configure(const framework::Configuration& configuration) {
  std::vector<std::shared_ptr<Slot>> evicted;  // let go outside the lock
  flows.apply(configuration, [&](const std::vector<std::string>& gone) {
    const std::lock_guard lock(mutex);
    std::erase_if(slots, [&](const auto& entry) {
      const auto& flow = std::get<0>(entry.first);
      if (flow.empty() || std::find(gone.begin(), gone.end(), flow) == gone.end()) return false;
      evicted.push_back(entry.second);
      return true;
    });
  });
}

ServiceMetrics Dispatch::Core::metrics_of(const std::string& service, bool known) {
  auto& metrics = bus.metrics();
  const auto labels = [&](const char* status) {
    Labels result{{"processor", options.id}, {"service", known ? service : "unknown"}};
    if (*status != '\0') result.emplace("status", status);
    return result;
  };
  constexpr auto count = "gateway_request_count";
  constexpr auto help = "Requests answered by the gateway";
  return {metrics.counter(count, help, labels("success")), metrics.counter(count, help, labels("error")),
          metrics.histogram("gateway_request_latency", "Seconds until the last answer", labels(""))};
}

/// One message of a WebSocket: {"id", "service", "flow"?, "request"}.
void Dispatch::Core::take_frame(const std::string& text, const Reply& reply) {
  json::value message;
  try {
    message = parse_body(text);
  } catch (const NotJson& error) {
    return std::make_shared<Exchange>(reply, std::nullopt)->dispatch_error(error.reason(), bad_request);
  }
  auto* fields = message.if_object();
  auto* id = fields != nullptr ? fields->if_contains("id") : nullptr;
  auto* request = fields != nullptr ? fields->if_contains("request") : nullptr;
  const auto exchange = std::make_shared<Exchange>(reply, id != nullptr ? std::optional(*id) : std::nullopt);
  if (id == nullptr || request == nullptr) return exchange->dispatch_error("Bad message", bad_request);
  const auto* service = fields->if_contains("service");
  if (service == nullptr) return exchange->dispatch_error("'service'", bad_request);
  const auto* flow = fields->if_contains("flow");
  const bool text_or_null = flow == nullptr || flow->is_null() || flow->is_string();
  if (!service->is_string() || !text_or_null) return exchange->dispatch_error("Bad message", bad_request);
  std::optional<std::string> name;
  if (auto given = text_field(message, "flow"); !given.empty()) name = std::move(given);
  serve(std::move(name), std::string(service->get_string()), std::move(*request), exchange);
}

Dispatch::Dispatch(Bus bus, DispatchOptions options)
    : core_(std::make_shared<Core>(std::move(bus), std::move(options))) {}

Dispatch::~Dispatch() { stop(); }

void Dispatch::http(HttpCall call, Reply reply) {
  auto exchange = std::make_shared<Exchange>(std::move(reply), core_->options.http_errors);
  auto work = [core = core_, call = std::move(call), exchange = std::move(exchange)]() mutable {
    try {
      auto body = parse_body(call.body);
      std::string().swap(call.body);
      core->serve(std::move(call.flow), std::move(call.service), std::move(body), exchange);
    } catch (const NotJson& error) {
      exchange->dispatch_error(error.reason(), bad_request);
    }
  };
  try {
    core_->bus.post(std::move(work));
  } catch (const Error& error) {  // the Bus is closed: the exchange has answered that it was given up
    log::write(log::Level::warning, std::string("gateway: ") + error.what());
  }
}

void Dispatch::core(CoreCall call, Reply reply) {
  const char* missing = !call.id ? "'id'" : !call.user ? "'user'" : nullptr;
  if (missing != nullptr) {
    std::make_shared<Exchange>(std::move(reply), core_->options.http_errors)
        ->dispatch_error(missing, bad_request);
    return;
  }
  auto work = [core = core_, call = std::move(call), reply]() mutable {
    call.direction == CoreCall::Direction::import ? import_core(core, std::move(call), std::move(reply))
                                                  : export_core(core, call, std::move(reply));
  };
  try {
    core_->bus.post(std::move(work));
  } catch (const Error& error) {
    std::make_shared<Exchange>(std::move(reply), core_->options.http_errors)->dispatch_error(error);
  }
}

void Dispatch::frame(std::string text, Reply reply) {
  auto work = [core = core_, text = std::move(text), reply] { core->take_frame(text, reply); };
  try {
    core_->bus.post(std::move(work));
  } catch (const Error& error) {
    std::make_shared<Exchange>(std::move(reply), std::nullopt)->dispatch_error(error);
  }
}

std::shared_ptr<Channel> Dispatch::open(FlowSocket socket, Reply reply) {
  return open_stream(core_, std::move(socket), std::move(reply));
}

Answer Dispatch::body_too_large(std::size_t limit) {
  const auto text = "Maximum request body size " + std::to_string(limit) + " exceeded";
  constexpr unsigned ok = 200;
  return {.body = json::serialize(json::object{{"error", text}}),
          .status = core_->options.http_errors == HttpErrors::strict ? too_large : ok};
}

void Dispatch::configure(const framework::Configuration& configuration) { core_->configure(configuration); }

bool Dispatch::configured() const { return core_->flows.known(); }

void Dispatch::stop(Duration timeout) noexcept {
  const auto until = deadline_after(timeout);
  decltype(core_->slots) slots;
  decltype(core_->made) made;
  {
    const std::lock_guard lock(core_->mutex);
    core_->stopped = true;
    core_->slots.swap(slots);
    core_->made.swap(made);
  }
  try {
    core_->flows.release();
  } catch (const std::exception& error) {
    log::write(log::Level::warning, std::string("gateway: ") + error.what());
  }
  for (const auto& each : made) {
    if (const auto dispatcher = each.lock()) {
      dispatcher->stop(std::max<Duration>(until - Clock::now(), Duration::zero()));
    }
  }
}

}  // namespace omnibus::gateway
