#include "services/gateway/dispatch/exchange.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <omnibus/log.hpp>

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned ok = 200;
constexpr unsigned internal_error = 500;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

unsigned status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::timeout:
      return 504;
    case ErrorCode::unavailable:
    case ErrorCode::closed:
    case ErrorCode::would_block:
    case ErrorCode::no_subscription:
      return 503;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::no_space:
      return 507;
    case ErrorCode::too_many_requests:
      return 429;
    case ErrorCode::encode:
      return 400;
    case ErrorCode::decode:
    case ErrorCode::protocol:
      return 502;
    default:
      return internal_error;
  }
}

unsigned status_of_service_error(std::string_view type) noexcept {
  struct Known {
    std::string_view type;
    unsigned status;
  };
  constexpr std::array<Known, 7> known = {{{"bad-operation", 400},
                                           {"config-error", 400},
                                           {"flow-error", 400},
                                           {"request-error", 400},
                                           {"conflict", 409},
                                           {"too_large", 413},
                                           {"not-implemented", 501}}};
  for (const auto& each : known) {
    if (each.type == type) return each.status;
  }
  return 502;
}

Exchange::Exchange(Reply reply, HttpErrors errors, std::string request_id)
    : reply_(std::move(reply)), errors_(errors), request_id_(std::move(request_id)) {}

Exchange::Exchange(Reply reply, std::optional<json::value> id, HttpErrors errors, std::string request_id)
    : reply_(std::move(reply)),
      errors_(errors),
      socket_(true),
      request_id_(std::move(request_id)),
      id_(std::move(id)) {}

Exchange::Exchange(Reply reply, std::string import) : reply_(std::move(reply)), import_(std::move(import)) {}

Exchange::~Exchange() {
  if (done_) return;
  try {
    gateway_error("the request was given up", internal_error);
  } catch (const std::exception& error) {
    log::write(log::Level::error, std::string("gateway: an answer was lost: ") + error.what());
  }
}

bool Exchange::answer(json::object response, bool complete) {
  if (complete && hold_) {
    auto proceed = [self = shared_from_this(), response = std::move(response)]() mutable {
      self->send(std::move(response), true, ok, false);
    };
    std::exchange(hold_, nullptr)(std::move(proceed));
    return true;
  }
  return send(std::move(response), complete, ok, false);
}

void Exchange::service_error(std::string_view type, std::string_view message) {
  error_response(type, message, status_of_service_error(type));
}

void Exchange::gateway_error(std::string_view message, unsigned status) {
  error_response("gateway-error", message, status);
}

void Exchange::gateway_error(const Error& error) {
  const bool late = error.code() == ErrorCode::timeout;
  gateway_error(late ? "Timeout" : error.what(), status_of(error.code()));
}

void Exchange::error_response(std::string_view type, std::string_view message, unsigned status) {
  if (!done_) report(std::string(type) + ": " + std::string(message));
  json::object error{{"type", view(type)}, {"message", view(message)}};
  send(json::object{{"error", std::move(error)}}, true, status, true);
}

void Exchange::dispatch_error(std::string_view text, unsigned status) {
  if (done_) return;
  report(std::string(text));
  if (!is_socket()) {
    send(json::object{{"error", view(text)}}, true, status, true);
    return;
  }
  // On a socket it stands beside the id, not inside "response", in the form that client libraries read.
  finish(true);
  json::object message;
  if (id_) message.emplace("id", *id_);
  message.emplace("error", json::object{{"type", "error"}, {"message", view(text)}});
  message.emplace("complete", true);
  name_request(message);
  auto body = json::serialize(message);
  log_failure(body);
  reply_({.body = std::move(body), .status = status, .failed = true});
}

void Exchange::dispatch_error(const Error& error) { dispatch_error(error.what(), status_of(error.code())); }

void Exchange::count_for(QueueMetrics queue) {
  if (done_) return;
  queue_.emplace(queue);
  queue_->outstanding.add(1);
}

void Exchange::report_to(std::shared_ptr<ErrorLog> errors, std::string flow, std::string service) {
  errors_seen_ = std::move(errors);
  flow_ = std::move(flow);
  service_ = std::move(service);
}

void Exchange::report(std::string text) const {
  if (!errors_seen_) return;
  errors_seen_->note({.request = request_id_, .flow = flow_, .service = service_, .text = std::move(text)});
}

void Exchange::finish(bool failed) {
  done_ = true;
  if (metrics_) {
    (failed ? metrics_->error : metrics_->success).add();
    metrics_->latency.observe(std::chrono::duration<double>(Clock::now() - began_).count());
  }
  if (queue_) {
    (failed ? queue_->error : queue_->success).add();
    queue_->outstanding.add(-1);
  }
}

bool Exchange::send(json::object body, bool complete, unsigned status, bool failed) {
  if (done_) return false;
  if (complete) finish(failed);
  if (import_) return send_nothing(body, failed);
  Answer answer{.body = {},
                .status = errors_ == HttpErrors::strict ? status : ok,
                .complete = complete,
                .failed = failed};
  if (is_socket()) {
    json::object message;
    if (id_) message.emplace("id", *id_);
    message.emplace("response", std::move(body));
    message.emplace("complete", complete);
    if (failed) name_request(message);
    answer.body = json::serialize(message);
  } else {
    if (failed) name_request(body);
    answer.body = json::serialize(body);
  }
  if (failed) log_failure(answer.body);
  return reply_(std::move(answer));
}

void Exchange::name_request(json::object& failure) const {
  if (errors_ == HttpErrors::strict && !request_id_.empty()) failure.emplace("request-id", request_id_);
}

void Exchange::log_failure(const std::string& body) const {
  if (request_id_.empty()) return;
  log::write(log::Level::info, "gateway: request " + request_id_ + " failed: " + body);
}

bool Exchange::send_nothing(const json::object& body, bool failed) {
  if (failed) {
    log::write(log::Level::warning, "gateway: import of " + *import_ + " ended: " + json::serialize(body));
  }
  return reply_({.body = {}, .close = failed});
}

}  // namespace omnibus::gateway
