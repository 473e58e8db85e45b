#include "services/gateway/gateway.hpp"

#include <omnibus/framework/config_receiver.hpp>

#include "services/gateway/dispatch/dispatch.hpp"
#include "services/gateway/server/server.hpp"

namespace omnibus::gateway {

namespace {

ServerOptions server_options(const GatewayOptions& options) {
  return {.address = options.address,
          .port = options.port,
          .api_token = options.api_token,
          .body_limit = options.body_limit,
          .frame_limit = options.frame_limit,
          .body_memory = options.body_memory,
          .max_connections = options.max_connections,
          .outstanding = options.outstanding,
          .outbox_limit = options.outbox_limit,
          .header_timeout = options.header_timeout,
          .idle_timeout = options.idle_timeout,
          .min_ingress_rate = options.min_ingress_rate,
          .max_request_rate = options.max_request_rate,
          .origins = options.origins,
          .prometheus = Upstream::parse(options.prometheus_url),
          .timeout = options.timeout,
          .strict = options.http_errors == HttpErrors::strict,
          .tls_certificate = options.tls_certificate,
          .tls_key = options.tls_key,
          .threads = options.threads};
}

framework::ConfigReceiverSettings config_settings(const GatewayOptions& options) {
  framework::ConfigReceiverSettings settings;
  settings.id = options.id;
  settings.push = QueueName::parse(options.config_push_queue);
  if (const auto given = options.queues.find("config"); given != options.queues.end()) {
    if (!given->second.request.empty()) settings.request = QueueName::parse(given->second.request);
    if (!given->second.response.empty()) settings.response = QueueName::parse(given->second.response);
  }
  return settings;
}

}  // namespace

struct Gateway::Impl {
  Impl(const Bus& bus, const GatewayOptions& options)
      : dispatch(bus, {.id = options.id,
                       .timeout = options.timeout,
                       .http_errors = options.http_errors,
                       .body_limit = options.body_limit,
                       .queues = options.queues,
                       .config_push_queue = options.config_push_queue,
                       .whole_system = options.whole_system}),
        server(server_options(options), dispatch),
        config(bus, config_settings(options)) {
    config.on_config([this](const framework::Configuration& configuration, std::int64_t) {
      dispatch.configure(configuration);
    });
  }

  Dispatch dispatch;
  Server server;
  framework::ConfigReceiver config;
};

Gateway::Gateway(const Bus& bus, const GatewayOptions& options)
    : impl_(std::make_unique<Impl>(bus, options)) {}

Gateway::~Gateway() { stop(); }

void Gateway::start() {
  impl_->server.start();
  impl_->config.start();
}

CloseReport Gateway::stop(Duration deadline) noexcept {
  const auto until = deadline_after(deadline);
  const auto left = [&] { return std::max<Duration>(until - Clock::now(), std::chrono::milliseconds(100)); };
  const auto report = impl_->server.stop(deadline);
  impl_->config.stop(left());
  impl_->dispatch.stop(left());
  return report;
}

std::uint16_t Gateway::port() const noexcept { return impl_->server.port(); }

std::string Gateway::ready() const {
  std::string reasons;
  for (const auto& each : impl_->dispatch.missing()) {
    if (!reasons.empty()) reasons += "; ";
    reasons += each;
  }
  return reasons;
}

}  // namespace omnibus::gateway
