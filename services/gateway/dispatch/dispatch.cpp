#include "services/gateway/dispatch/dispatch.hpp"

#include <boost/json/serialize.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/gateway/dispatch/cores.hpp"
#include "services/gateway/dispatch/readiness.hpp"
#include "services/gateway/dispatch/streams.hpp"
#include "services/gateway/json/body.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned bad_request = 400;
constexpr unsigned too_large = 413;

}  // namespace

Dispatch::Dispatch(Bus bus, DispatchOptions options)
    : core_(std::make_shared<Core>(std::move(bus), std::move(options))) {}

Dispatch::~Dispatch() { stop(); }

void Dispatch::http(HttpCall call, Reply reply) {
  auto exchange = std::make_shared<Exchange>(std::move(reply), core_->options.http_errors, call.request_id);
  exchange->report_to(core_->errors, call.flow.value_or(""), call.service);
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
    std::make_shared<Exchange>(std::move(reply), core_->options.http_errors, std::move(call.request_id))
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

void Dispatch::frame(std::string text, std::string request_id, Reply reply) {
  auto work = [core = core_, text = std::move(text), request_id = std::move(request_id), reply] {
    core->take_frame(text, request_id, reply);
  };
  try {
    core_->bus.post(std::move(work));
  } catch (const Error& error) {
    std::make_shared<Exchange>(std::move(reply), std::nullopt)->dispatch_error(error);
  }
}

std::shared_ptr<Channel> Dispatch::open(FlowSocket socket, Reply reply) {
  return open_stream(core_, std::move(socket), std::move(reply));
}

void Dispatch::ready(Reply reply) {
  auto work = [core = core_, reply] { reply(readiness(*core)); };
  try {
    core_->bus.post(std::move(work));
  } catch (const Error& error) {
    std::make_shared<Exchange>(std::move(reply), HttpErrors::strict)->dispatch_error(error);
  }
}

void Dispatch::status(Reply reply) { core_->status->ask(std::move(reply)); }

void Dispatch::count(std::string_view route, unsigned status) {
  const Labels labels{{"processor", core_->options.id},
                      {"route", std::string(route)},
                      {"status", std::to_string(status / 100) + "xx"}};
  core_->bus.metrics()
      .counter("gateway_http_response_count", "HTTP responses by route and class of status", labels)
      .add();
}

void Dispatch::cut_off(std::string_view why) {
  core_->bus.metrics()
      .counter("gateway_cut_off_count", "Connections ended by the gateway, by reason",
               {{"processor", core_->options.id}, {"reason", std::string(why)}})
      .add();
}

Answer Dispatch::body_too_large(std::size_t limit) {
  const auto text = "Maximum request body size " + std::to_string(limit) + " exceeded";
  constexpr unsigned ok = 200;
  return {.body = json::serialize(json::object{{"error", text}}),
          .status = core_->options.http_errors == HttpErrors::strict ? too_large : ok};
}

void Dispatch::configure(const framework::Configuration& configuration) { core_->configure(configuration); }

std::vector<std::string> Dispatch::missing() const { return missing_parts(*core_); }

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
