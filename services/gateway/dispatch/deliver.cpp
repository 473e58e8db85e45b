/// The way of a request.

#include <omnibus/log.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/gateway/json/body.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned bad_request = 400;

std::string text_field(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* value = object != nullptr ? object->if_contains({key.data(), key.size()}) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

/// Delivers, after the first configuration where that matters.
void Dispatch::Core::serve(std::optional<std::string> flow, std::string service, json::value body,
                           std::shared_ptr<Exchange> exchange) {
  exchange->report_to(errors, flow.value_or(""), service);
  if (!flow || flows.known()) return deliver(flow, service, std::move(body), exchange);
  auto later = [self = shared_from_this(), flow = std::move(flow), service = std::move(service),
                body = std::move(body), exchange = std::move(exchange)]() mutable {
    self->deliver(flow, service, std::move(body), exchange);
  };
  try {
    wait(FlowTable::Wanted::known, {}, std::move(later));
  } catch (const Error& error) {  // the Bus is closed: the exchange answers when it goes
    log::write(log::Level::warning, std::string("gateway: ") + error.what());
  }
}

void Dispatch::Core::deliver(const std::optional<std::string>& flow, const std::string& service,
                             json::value body, const std::shared_ptr<Exchange>& exchange) {
  try {
    const auto types = flow ? flow_services() : global_services();
    const bool known =
        find_service(types, service, body) != nullptr || (!flow && options.queues.contains(service));
    exchange->count_as(metrics.of_service(known ? service : "other"));
    const auto request = std::make_shared<const json::value>(std::move(body));
    Obtained then = [self = shared_from_this(), request, exchange](
                        const std::shared_ptr<Dispatcher>& dispatcher, const Error* failure) {
      failure != nullptr ? exchange->dispatch_error(*failure) : self->send(*dispatcher, *request, exchange);
    };
    if (flow) return in_flow(*flow, service, *request, std::move(then));
    settle(service, *request, *exchange);
    global(service, *request, std::move(then));
  } catch (const Undeliverable& error) {
    exchange->dispatch_error(error.text, error.status);
  } catch (const std::exception&) {
    exchange->dispatch_error(to_error(std::current_exception()));
  }
}

void Dispatch::Core::send(Dispatcher& dispatcher, const json::value& body,
                          const std::shared_ptr<Exchange>& exchange) {
  try {
    if (dispatcher.queue()) exchange->count_for(*dispatcher.queue());
    dispatcher.request(body, exchange);
  } catch (const std::exception&) {
    exchange->dispatch_error(to_error(std::current_exception()));
  }
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

/// One message of a WebSocket: {"id", "service", "flow"?, "request"}.
void Dispatch::Core::take_frame(const std::string& text, const std::string& request_id, const Reply& reply) {
  json::value message;
  try {
    message = parse_body(text);
  } catch (const NotJson& error) {
    const auto refused = std::make_shared<Exchange>(reply, std::nullopt, options.http_errors, request_id);
    refused->report_to(errors, {}, {});
    return refused->dispatch_error(error.reason(), bad_request);
  }
  auto* fields = message.if_object();
  auto* id = fields != nullptr ? fields->if_contains("id") : nullptr;
  auto* request = fields != nullptr ? fields->if_contains("request") : nullptr;
  const auto exchange = std::make_shared<Exchange>(reply, id != nullptr ? std::optional(*id) : std::nullopt,
                                                   options.http_errors, request_id);
  exchange->report_to(errors, {}, {});
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

}  // namespace omnibus::gateway
