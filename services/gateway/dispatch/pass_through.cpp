#include "services/gateway/dispatch/pass_through.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "services/gateway/json/body.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned bad_request = 400;
constexpr unsigned bad_gateway = 502;

std::string text_of(const json::object& fields, json::string_view key) {
  const auto* value = fields.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool is_last_part(const json::object& answer) {
  constexpr std::array<std::string_view, 4> ends{"end_of_stream", "end_of_dialog", "end_of_session", "eos"};
  return std::none_of(ends.begin(), ends.end(), [&](std::string_view key) {
    const auto* value = answer.if_contains({key.data(), key.size()});
    return value != nullptr && *value == false;
  });
}

/// True when it was the last answer.
bool take(Exchange& exchange, const Error* error, const Raw* response) {
  if (error != nullptr) return exchange.gateway_error(*error), true;
  json::value answer;
  try {
    answer = parse_body(response->bytes);
  } catch (const NotJson& reason) {
    return exchange.gateway_error("the service's answer: " + reason.reason(), bad_gateway), true;
  }
  auto* fields = answer.if_object();
  if (fields == nullptr) {
    return exchange.gateway_error("the service's answer is no JSON object", bad_gateway), true;
  }
  if (const auto* refusal = fields->if_contains("error"); refusal != nullptr && refusal->is_object()) {
    const auto& said = refusal->get_object();
    const auto type = text_of(said, "type");
    const auto message = text_of(said, "message");
    if (!type.empty() || !message.empty()) return exchange.service_error(type, message), true;
  }
  const bool last = is_last_part(*fields);
  const bool wanted = exchange.answer(std::move(*fields), last);
  return last || !wanted;
}

class PassThrough final : public Dispatcher {
 public:
  explicit PassThrough(const DispatcherPlan& plan)
      : client_(plan.bus, {.id = plan.id,
                           .flow = plan.flow,
                           .name = "other",
                           .request = plan.request,
                           .response = plan.response,
                           .subscription = {}}),
        timeout_(plan.timeout) {
    client_.start();
  }

  void request(const json::value& body, std::shared_ptr<Exchange> exchange) override {
    if (!body.is_object()) return exchange->gateway_error("expected an object", bad_request);
    try {
      client_.request_async(
          Raw{json::serialize(body)},
          [self = shared_from_this(), exchange](const Error* error, const Raw* response) {
            return take(*exchange, error, response);
          },
          timeout_);
    } catch (const Error& error) {
      exchange->gateway_error(error);
    }
  }

  void stop(Duration timeout) noexcept override { (void)client_.stop(timeout); }

 private:
  framework::RequestResponse<Raw, Raw> client_;
  const Duration timeout_;
};

}  // namespace

std::unique_ptr<Dispatcher> pass_through(const DispatcherPlan& plan) {
  return std::make_unique<PassThrough>(plan);
}

}  // namespace omnibus::gateway
