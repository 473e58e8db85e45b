#include "services/gateway/processor.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/server/origins.hpp"
#include "services/gateway/server/tls.hpp"
#include "services/gateway/server/upstream.hpp"

namespace omnibus::gateway {

namespace {
constexpr std::array<const char*, 4> services_with_queues = {"config", "flow", "knowledge", "librarian"};
}  // namespace

Flags gateway_flags(Flags flags) {
  flags.text("address", "the IP address to listen on", "0.0.0.0")
      .port("port", "the port to listen on; 0 takes a free one", 8088)
      .text("api-token", "the shared secret that clients show; without one everybody may do everything",
            std::nullopt, "GATEWAY_SECRET")
      .secret()
      .text("prometheus-url", "where requests for /api/metrics go", "http://prometheus:9090",
            "PROMETHEUS_URL")
      .duration("timeout", "how long a request waits for each answer of its service", "600s")
      .list("global-service",
            "a service that the gateway does not know, NAME or NAME=REQUEST-QUEUE,RESPONSE-QUEUE; its "
            "messages pass through; usual queues q0/tg/request/NAME and q0/tg/response/NAME")
      .choice("http-errors",
              "compat answers errors with status 200, as existing clients need; strict with the "
              "status that fits",
              {"compat", "strict"}, "compat")
      .size("body-limit", "largest HTTP body", "256MiB")
      .size("frame-limit", "largest WebSocket message", "50MiB")
      .size("body-memory", "all bodies and messages over 1 MiB together; beyond it clients wait", "1GiB")
      .integer("outstanding", "requests of one WebSocket at once", 16)
      .size("outbox-limit", "answers that wait for one WebSocket client to read; beyond it it is closed",
            "64MiB")
      .integer("max-connections", "clients at once; more wait to be accepted", 4096)
      .duration("header-timeout", "how long a client may take for a request's head", "10s")
      .duration("idle-timeout", "how long a client may be silent, or not read its answer", "60s")
      .size("min-ingress-rate", "bytes per second that a body must come with on average; 0: any", "1KiB")
      .integer("max-request-rate", "requests per second of one client address; 0: any", 0)
      .list("allow-origin",
            "web pages that may use the gateway, SCHEME://HOST[:PORT] or *; without one, no "
            "page may read answers and any may open a WebSocket")
      .text("tls-certificate", "PEM file with the certificate and its chain, for HTTPS and WSS", std::nullopt)
      .text("tls-key", "PEM file with the certificate's private key, without a passphrase", std::nullopt)
      .integer("threads", "threads for all clients' sockets", 2);
  for (const std::string service : services_with_queues) {
    flags.text(service + "-request-queue", "where requests to the " + service + " service go", std::nullopt)
        .text(service + "-response-queue", "where its answers come from", std::nullopt);
  }
  return flags;
}

namespace {

std::size_t count(const Settings& settings, std::string_view flag, std::int64_t most) {
  const auto value = settings.integer(flag);
  if (value >= 1 && value <= most) return static_cast<std::size_t>(value);
  throw ConfigError("--" + std::string(flag) + ": " + std::to_string(value) + " is out of range",
                    "it takes 1 to " + std::to_string(most));
}

std::size_t size(const Settings& settings, std::string_view flag) {
  const auto value = settings.size(flag);
  if (value > 0) return value;
  throw ConfigError("--" + std::string(flag) + ": 0 lets nothing through", "it takes a size such as 64MiB");
}

Duration time(const Settings& settings, std::string_view flag) {
  const auto value = settings.duration(flag);
  if (value > Duration::zero()) return value;
  throw ConfigError("--" + std::string(flag) + ": 0 leaves no time", "it takes a time such as 10s");
}

void check_queue(const std::string& name, const std::string& flag) {
  try {
    (void)QueueName::parse(name);
  } catch (const Error& error) {
    error.with_context("--" + flag).raise();
  }
}

/// A queue's name, or nothing.
std::string queue(const Settings& settings, const std::string& flag) {
  auto name = settings.text(flag);
  if (!name.empty()) check_queue(name, flag);
  return name;
}

/// "NAME" or "NAME=REQUEST,RESPONSE".
std::pair<std::string, ServiceQueues> global_service(const std::string& text) {
  const auto equals = text.find('=');
  auto name = text.substr(0, equals);
  const bool plain = !name.empty() && name.find_first_of("/,") == std::string::npos;
  ServiceQueues queues{"q0/tg/request/" + name, "q0/tg/response/" + name};
  if (equals != std::string::npos) {
    const auto comma = text.find(',', equals);
    queues.request = text.substr(equals + 1, comma == std::string::npos ? comma : comma - equals - 1);
    queues.response = comma == std::string::npos ? "" : text.substr(comma + 1);
  }
  if (!plain || queues.request.empty() || queues.response.empty()) {
    throw ConfigError("--global-service: '" + text + "' names no service",
                      "it takes NAME or NAME=REQUEST-QUEUE,RESPONSE-QUEUE");
  }
  check_queue(queues.request, "global-service");
  check_queue(queues.response, "global-service");
  return {std::move(name), std::move(queues)};
}

}  // namespace

GatewayOptions gateway_options(const Settings& settings) {
  GatewayOptions options;
  options.id = settings.id;
  options.address = settings.text("address");
  boost::system::error_code no_address;
  (void)boost::asio::ip::make_address(options.address, no_address);
  if (no_address) {
    throw ConfigError("--address: '" + options.address + "' is no IP address",
                      "for example 0.0.0.0, 127.0.0.1 or ::");
  }
  options.port = settings.port("port");
  options.api_token = settings.text("api-token");
  options.prometheus_url = settings.text("prometheus-url");
  try {
    (void)Upstream::parse(options.prometheus_url);
  } catch (const Error& error) {
    error.with_context("--prometheus-url").raise();
  }
  options.timeout = time(settings, "timeout");
  options.body_limit = size(settings, "body-limit");
  options.frame_limit = size(settings, "frame-limit");
  options.body_memory = size(settings, "body-memory");
  options.max_connections = count(settings, "max-connections", 1'000'000);
  options.outstanding = count(settings, "outstanding", 100'000);
  options.outbox_limit = size(settings, "outbox-limit");
  options.header_timeout = time(settings, "header-timeout");
  options.idle_timeout = time(settings, "idle-timeout");
  options.min_ingress_rate = settings.size("min-ingress-rate");
  const auto rate = settings.integer("max-request-rate");
  options.max_request_rate = rate == 0 ? 0 : count(settings, "max-request-rate", 1'000'000);
  options.origins = settings.list("allow-origin");
  for (const auto& origin : options.origins) Origins::check(origin);
  options.http_errors =
      settings.text("http-errors") == "strict" ? HttpErrors::strict : HttpErrors::compatible;
  options.tls_certificate = settings.text("tls-certificate");
  options.tls_key = settings.text("tls-key");
  (void)make_tls(options.tls_certificate, options.tls_key);
  options.threads = static_cast<unsigned>(count(settings, "threads", 64));
  for (const std::string service : services_with_queues) {
    const ServiceQueues queues{queue(settings, service + "-request-queue"),
                               queue(settings, service + "-response-queue")};
    if (!queues.request.empty() || !queues.response.empty()) options.queues.emplace(service, queues);
  }
  for (const auto& each : settings.list("global-service")) options.queues.insert(global_service(each));
  options.config_push_queue = settings.config_push_queue;
  return options;
}

GatewayProcessor::GatewayProcessor(const Bus& bus, const Settings& settings)
    : GatewayProcessor(bus, settings, gateway_options(settings)) {}

GatewayProcessor::GatewayProcessor(const Bus& bus, const Settings& settings, const GatewayOptions& options)
    : AsyncProcessor(bus, settings), gateway_(bus, options) {}

GatewayProcessor::~GatewayProcessor() {
  try {
    GatewayProcessor::stop();
  } catch (const Error& error) {
    log::write(log::Level::warning, error.message());
  }
}

void GatewayProcessor::start() {
  // The gateway follows the configuration itself, so the base is not started.
  try {
    gateway_.start();
  } catch (const Error& error) {
    const bool port = error.code() == ErrorCode::conflict || error.code() == ErrorCode::forbidden;
    if (!port) throw;
    throw ConfigError(error.message(), error.hint());
  }
  log::write(log::Level::info, "gateway: listening on port " + std::to_string(gateway_.port()));
}

void GatewayProcessor::stop() {
  const auto report = gateway_.stop(time_left());
  AsyncProcessor::stop();
  if (report.running > 0) {
    throw TimeoutError("gateway: " + std::to_string(report.running) + " requests were cut off");
  }
}

std::string GatewayProcessor::ready() const { return gateway_.ready(); }

}  // namespace omnibus::gateway
