// omnibus's gateway with a service that answers at once: both in this process, or the service alone, for a
// gateway in another. run.sh says what it is called with.

#include <iostream>

#include <omnibus/catalogue/config.hpp>
#include <omnibus/exit_status.hpp>
#include <omnibus/framework/program.hpp>
#include <omnibus/framework/request_response.hpp>

#include "echo_service.hpp"
#include "services/config/service.hpp"
#include "services/gateway/processor.hpp"

namespace omnibus::benchmarks {
namespace {

using Processors = std::vector<std::unique_ptr<framework::AsyncProcessor>>;

Settings with_id(Settings settings, std::string_view id) {
  settings.id = id;
  return settings;
}

/// Puts the flow that the gateway finds the echo service by.
void put_flow(const Bus& bus) {
  framework::RequestResponse<catalogue::ConfigRequest, catalogue::ConfigResponse> config(
      bus, {.id = "bench",
            .name = "config",
            .request = QueueName::parse(catalogue::config_request_queue),
            .response = QueueName::parse(catalogue::config_response_queue),
            .subscription = {}});
  config.start();
  catalogue::ConfigRequest put;
  put.operation = "put";
  put.values = {{.type = "flow", .key = "bench", .value = EchoService::flow_definition()}};
  const auto answer = config.request(put, std::chrono::seconds(20));
  if (answer.error) throw Error(ErrorCode::internal, "cannot put the flow: " + answer.error->message);
}

int run(int argc, char** argv) {
  const auto settings = Settings::parse(
      {.program = "gateway_bench_server",
       .summary = "Answers text-completion of flow `bench` with the prompt.",
       .id = "echo",
       .default_url = "embedded://"},
      {argv + 1, argv + argc},
      config::ConfigService::flags(gateway::gateway_flags())
          .integer("concurrency", "requests in work at once", 1)
          .flag("alone", "without configuration service and gateway: those run in other processes"));
  std::shared_ptr<Bus> mine;
  const auto make = [&](const Bus& bus, const Settings& common) {
    mine = std::make_shared<Bus>(bus);
    Processors made;
    if (!common.flag("alone"))
      made.push_back(std::make_unique<config::ConfigService>(bus, with_id(common, "config-svc")));
    made.push_back(std::make_unique<EchoService>(bus, common));
    if (!common.flag("alone"))
      made.push_back(std::make_unique<gateway::GatewayProcessor>(bus, with_id(common, "api-gateway")));
    return made;
  };
  const auto started = [&] {
    put_flow(*mine);
    mine.reset();
    std::cout << "ready" << std::endl;
  };
  return framework::run_program(settings, make, {.started = started});
}

}  // namespace
}  // namespace omnibus::benchmarks

int main(int argc, char** argv) {
  try {
    return omnibus::benchmarks::run(argc, argv);
  } catch (const omnibus::Settings::Exit& exit) {
    std::cout << exit.text;
    return exit.status;
  } catch (const omnibus::Error& error) {
    std::cerr << error.what() << '\n';
    return omnibus::exit_status(error);
  }
}
