#include "commands.hpp"
#include "serve.hpp"

namespace omnibus::app {
namespace {

gateway::GatewayOptions options_of(const Settings& settings) {
  gateway::GatewayOptions options{.id = settings.id,
                                  .address = settings.text("address"),
                                  .port = settings.port("port"),
                                  .api_token = settings.text("api-token"),
                                  .timeout = settings.duration("timeout"),
                                  .body_limit = settings.size("body-limit"),
                                  .frame_limit = settings.size("frame-limit")};
  options.http_errors = settings.text("http-errors") == "strict" ? gateway::HttpErrors::strict
                                                                 : gateway::HttpErrors::compatible;
  options.config_push_queue = settings.config_push_queue;
  return options;
}

}  // namespace

GatewayService::GatewayService(Bus bus, Settings settings)
    : AsyncProcessor(std::move(bus), std::move(settings)),
      gateway_(this->bus(), options_of(this->settings())) {}

GatewayService::~GatewayService() { GatewayService::stop(); }

void GatewayService::start() { gateway_.start(); }

void GatewayService::stop() {
  gateway_.stop(time_left());
  AsyncProcessor::stop();
}

std::string GatewayService::ready() const { return gateway_.ready(); }

std::string GatewayService::url() const {
  const auto address = settings().text("address");
  const bool any = address == "0.0.0.0" || address == "::";
  return "http://" + (any ? "localhost" : address) + ":" + std::to_string(gateway_.port());
}

Flags GatewayService::flags(Flags flags) {
  return flags.port("port", "where HTTP and WebSocket clients connect; 0 takes a free one", 8088)
      .text("address", "address to listen on", "0.0.0.0")
      .text("api-token", "the secret that clients must present; empty lets everybody in", "",
            "GATEWAY_SECRET")
      .secret()
      .duration("timeout", "how long a request waits for each answer of its service", "600s")
      .choice("http-errors", "errors as status 200 with an error object, or with the status that fits",
              {"compatible", "strict"}, "compatible")
      .size("body-limit", "largest HTTP body", "256MiB")
      .size("frame-limit", "largest WebSocket message", "50MiB");
}

int run_gateway(const std::vector<std::string>& arguments) {
  return run_service<GatewayService>(
      {.program = "omnibus gateway",
       .summary = "Gives HTTP and WebSocket clients access to the services.",
       .id = std::string(gateway_id),
       .epilogue = service_epilogue("  omnibus gateway --pubsub-url embedded:///tmp/store\n"
                                    "  GATEWAY_SECRET=sesame omnibus gateway --port 9000\n")},
      arguments);
}

}  // namespace omnibus::app
