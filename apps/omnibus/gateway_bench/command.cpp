// omnibus bench gateway: requests over HTTP and WebSockets, every answer timed.

#include <iostream>

#include <boost/asio/ip/tcp.hpp>

#include "commands.hpp"
#include "gateway_bench/crowd.hpp"
#include "gateway_bench/load.hpp"
#include "gateway_bench/memory.hpp"
#include "gateway_bench/report.hpp"
#include "tool.hpp"

namespace omnibus::app {

namespace gateway_bench {
namespace {

constexpr const char* examples =
    "Examples:\n  omnibus bench gateway\n"
    "  omnibus bench gateway --url http://127.0.0.1:8088 --flow default --service text-completion \\\n"
    "    --body '{\"system\": \"be brief\", \"prompt\": \"hello\"}' --connections 64 --protocol http --json\n"
    "  omnibus bench gateway --idle 5000 --server-pid \"$(pgrep -x omnibus)\"\n\n";

Flags flags_of_command() {
  Flags flags;
  flags.text("url", "where the gateway is, or another server of the same paths", "http://127.0.0.1:8088")
      .text("service", "service that is asked", "config")
      .text("flow", "flow that the service is in; none: a global service", "")
      .text("body", "JSON object of every request", R"({"operation": "list", "type": "flow"})")
      .text("api-token", "shown to the gateway", "", "GATEWAY_SECRET")
      .secret()
      .choice("protocol", "how the requests go", {"http", "websocket", "both"}, "both")
      .text("connections",
            "clients at once, each with one request at a time; several, with commas, are measured in turn",
            "1,64,1000")
      .duration("seconds", "how long each measurement takes", "5")
      .integer("requests", "how many each measurement makes, however long it takes; 0: as many as fit", 0)
      .integer("idle", "WebSockets to open besides, which say nothing", 0)
      .integer("slow-readers",
               "WebSockets to open besides, which ask and read 1 KiB a second; all is measured without and "
               "with them",
               0)
      .text("slow-body", "JSON object of their requests; as --body when not given")
      .integer("slow-requests", "how many each of them makes", 16)
      .integer("server-pid", "process of the server, whose memory is told; 0: not", 0)
      .duration("patience", "give up after so long without an answer", "30s")
      .flag("json", "print one JSON object");
  return flags;
}

Endpoint endpoint_of(Loop& loop, const Target& target) {
  boost::system::error_code ec;
  boost::asio::ip::tcp::resolver resolver(loop.io());
  const auto found = resolver.resolve(target.host, target.port, ec);
  if (!ec) {  // the first that takes a connection
    boost::asio::ip::tcp::socket probe(loop.io());
    for (const auto& each : found) {
      probe.close(ec);
      if (!probe.connect(each.endpoint(), ec)) return each.endpoint();
    }
  }
  throw Error(ErrorCode::unavailable, "no gateway at " + target.url + ": " + ec.message(),
              {.hint = "start one with omnibus up or omnibus gateway, or say where it is with --url"});
}

void measure(Loop& loop, const Endpoint& endpoint, const Plan& plan, bool slow, Report& report) {
  for (const auto protocol : plan.protocols) {
    for (const auto connections : plan.connections) {
      auto measured = Load(loop, endpoint, plan, protocol, connections).run();
      measured.beside_slow_readers = slow;
      report.runs.push_back(std::move(measured));
      if (interrupted()) return;
    }
  }
}

std::optional<std::size_t> memory(const Plan& plan) {
  return plan.server ? resident_bytes(*plan.server) : std::nullopt;
}

Report run(const Plan& plan) {
  Loop loop(plan.patience);
  const auto endpoint = endpoint_of(loop, plan.target);
  Report report;
  Crowd idle(loop, endpoint, plan);
  if (plan.idle > 0) {
    Plan probe = plan;  // the first request makes the server allocate what is not theirs
    probe.requests = 1;
    (void)Load(loop, endpoint, probe, Protocol::websocket, 1).run();
    report.idle = Presence{.clients = plan.idle, .before = memory(plan)};
    idle.open_idle(plan.idle);
    report.idle->with = memory(plan);
  }
  measure(loop, endpoint, plan, false, report);
  if (plan.slow_readers > 0 && !interrupted()) {
    Crowd slow(loop, endpoint, plan);
    report.slow_readers = Presence{.clients = plan.slow_readers, .before = memory(plan)};
    slow.open_slow_readers(plan.slow_readers);
    measure(loop, endpoint, plan, true, report);
    report.slow_readers->with = memory(plan);
    report.slow_readers->lost = slow.lost();
  }
  if (report.idle) report.idle->lost = idle.lost();
  return report;
}

}  // namespace
}  // namespace gateway_bench

int run_bench_gateway(const std::vector<std::string>& arguments) {
  using namespace gateway_bench;  // NOLINT(google-build-using-namespace): this command's own
  const auto settings = Settings::parse(
      {.program = "omnibus bench gateway",
       .summary =
           "Asks a gateway over HTTP and WebSockets, and prints requests per second, latencies and errors.",
       .id = "bench-gateway",
       .common = Settings::Common::none,
       .epilogue =
           examples + exit_status_help({.failed = "requests were refused or not answered, or clients cut off",
                                        .unavailable = "there is no gateway, or it takes no more clients"})},
      arguments, flags_of_command());
  const auto plan = plan_of(settings);
  allow_sockets(*std::max_element(plan.connections.begin(), plan.connections.end()) + plan.idle +
                plan.slow_readers);
  watch_signals();
  const auto report = run(plan);
  std::cout << (settings.flag("json") ? as_json(plan, report) : as_table(plan, report));
  return report.errors() == 0 ? exit_ok : exit_failed;
}

}  // namespace omnibus::app
