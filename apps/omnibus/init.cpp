// omnibus init: makes what a broker wants to have before it is used.

#include <iostream>
#include <limits>

#include <fmt/format.h>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

using namespace std::chrono_literals;

/// What each namespace of the existing system's initialiser has, and de-duplication where queues of q2 are.
std::vector<driver::NamespaceConfig> namespaces(const std::string& tenant,
                                                const std::vector<std::string>& more) {
  constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();
  std::vector<driver::NamespaceConfig> all{
      {.tenant = tenant, .space = "flow", .deduplication = true},
      {.tenant = tenant, .space = "request"},
      {.tenant = tenant,
       .space = "response",
       .retention_time = 3min,
       .retention_bytes = unlimited,
       .subscription_expiry = 30min},
      {.tenant = tenant,
       .space = "config",
       .retention_time = Duration::max(),
       .retention_bytes = 10u << 20,
       .subscription_expiry = 5min,
       .deduplication = true},
  };
  for (const auto& space : more) all.push_back({.tenant = tenant, .space = space, .deduplication = true});
  return all;
}

void print(const driver::NamespaceConfig& config, const driver::NamespaceOutcome& outcome) {
  const auto name = config.tenant + "/" + config.space;
  std::cout << fmt::format(
      "{}: {}\n", name,
      outcome.changes.empty() ? "is there already" : fmt::format("{}", fmt::join(outcome.changes, "; ")));
  for (const auto& kept : outcome.kept) std::cout << fmt::format("{}: left as it is: {}\n", name, kept);
  flush_output();
}

int init(const Settings& settings) {
  auto bus = connect(settings);
  const auto& feature = bus.features()[driver::Feature::namespaces];
  if (feature.support == driver::Support::missing) {
    std::cout << fmt::format("nothing to do: {} needs no preparation{}\n", bus.backend(),
                             feature.note.empty() ? "" : " (" + feature.note + ")");
    return exit_ok;
  }
  for (const auto& config : namespaces(settings.text("tenant"), settings.list("namespace"))) {
    print(config, bus.create_namespace(config));
  }
  return exit_ok;
}

}  // namespace

int run_init(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.text("tenant", "the tenant of the queues", "tg")
      .list("namespace",
            "a further namespace of the tenant, with de-duplication; may be given several times");
  auto settings = Settings::parse(
      {.program = "omnibus init",
       .summary =
           "Makes the tenant and namespaces that the services use, with their policies. May be repeated: "
           "what is there stays, and what somebody has set in another way is told and left.",
       .id = "init",
       .common = Settings::Common::bus,
       .epilogue =
           "Example:\n  omnibus init --pubsub-url 'pulsar://localhost:6650?admin=http://localhost:8080'\n\n" +
           exit_status_help({.failed = "the broker refused something",
                             .unavailable = "the broker cannot be reached, or the right is missing"})},
      arguments, flags);
  settings.apply_log();
  // Each namespace is several requests, and a broker that has just started is slow.
  settings.bus.connect_timeout = std::max<Duration>(settings.bus.connect_timeout, 30s);
  return init(settings);
}

}  // namespace omnibus::app
