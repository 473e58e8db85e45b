#include "services/gateway/dispatch/services.hpp"

#include <array>

#include "services/gateway/translate/config.hpp"
#include "services/gateway/translate/document.hpp"
#include "services/gateway/translate/flow.hpp"

namespace omnibus::gateway {

namespace {

/// A service whose every answer is the last.
template <class Request, class Response>
std::unique_ptr<Dispatcher> requester(const DispatcherPlan& plan) {
  const typename Requester<Request, Response>::Encode encode = translate;
  return std::make_unique<Requester<Request, Response>>(plan, encode, nullptr);
}

template <class Message>
std::unique_ptr<Dispatcher> loader(const DispatcherPlan& plan) {
  return std::make_unique<Loader<Message>>(plan);
}

bool is_apply(const boost::json::value& body) {
  const auto* object = body.if_object();
  const auto* operation = object != nullptr ? object->if_contains("operation") : nullptr;
  return operation != nullptr && operation->is_string() && operation->get_string() == "apply";
}

constexpr std::array<ServiceType, 3> globals = {{
    {"config", "config/apply", true, requester<config::ConfigCall, catalogue::ConfigResponse>, is_apply,
     catalogue::config_request_queue, catalogue::config_response_queue},
    {"config", "config", true, requester<catalogue::ConfigRequest, catalogue::ConfigResponse>, nullptr,
     catalogue::config_request_queue, catalogue::config_response_queue},
    {"flow", "flow", true, requester<catalogue::FlowRequest, catalogue::FlowResponse>, nullptr,
     catalogue::flow_request_queue, catalogue::flow_response_queue},
}};

constexpr std::array<ServiceType, 1> of_flows = {{
    {"text-load", "text-load", false, loader<catalogue::TextDocument>},
}};

}  // namespace

std::span<const ServiceType> global_services() noexcept { return globals; }
std::span<const ServiceType> flow_services() noexcept { return of_flows; }

const ServiceType* find_service(std::span<const ServiceType> services, std::string_view kind,
                                const boost::json::value& body) {
  for (const auto& service : services) {
    if (service.kind == kind && (service.serves == nullptr || service.serves(body))) return &service;
  }
  return nullptr;
}

}  // namespace omnibus::gateway
