// omnibus gateway: HTTP and WebSocket access to the services.

#include <omnibus/framework/program.hpp>

#include "commands.hpp"
#include "serve.hpp"
#include "services/gateway/processor.hpp"

namespace omnibus::app {

namespace {

constexpr std::string_view examples =
    "  omnibus gateway --pubsub-url embedded:///var/lib/omnibus\n"
    "  curl -s localhost:8088/api/v1/config -d '{\"operation\": \"config\"}'\n"
    "  curl -s localhost:8088/api/v1/flow -d '{\"operation\": \"list-flows\"}'\n";

}  // namespace

int run_gateway(const std::vector<std::string>& arguments) {
  Settings::About about;
  about.program = "omnibus gateway";
  about.summary =
      "Serves HTTP and WebSocket clients: /api/v1/SERVICE, /api/v1/flow/FLOW/service/SERVICE,\n"
      "import and export of flows, and the socket /api/v1/socket.";
  about.id = "api-gateway";
  about.epilogue = service_epilogue(examples);
  const auto settings = Settings::parse(about, arguments, gateway::gateway_flags());
  (void)gateway::gateway_options(settings);  // refuses bad values before anything is connected
  return framework::run_program<gateway::GatewayProcessor>(settings);
}

}  // namespace omnibus::app
