// omnibus topic: a broker's own name for a queue.

#include <iostream>

#include <omnibus/queue_name.hpp>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

std::string native_name(const QueueName& queue, const std::string& backend) {
  if (backend == "embedded") return queue.str();
  if (backend == "pulsar") return queue.persistent_uri();
  throw ConfigError("no names for backend '" + backend + "'", "known here: embedded, pulsar");
}

}  // namespace

int run_topic(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("name", "queue name: {q0|q1|q2}/{tenant}/{namespace}/{queue}, or a persistent:// form")
      .text("backend", "broker whose name is asked: embedded, pulsar", "embedded", "PUBSUB_BACKEND");
  const auto settings = Settings::parse(
      {.program = "omnibus topic",
       .summary = "Prints a broker's own name for a queue.",
       .id = "topic",
       .common = Settings::Common::none,
       .epilogue = "Example:\n  omnibus topic q1/tg/flow/chunks --backend pulsar\n\n" +
                   exit_status_help({.failed = "the output cannot be written", .unavailable = ""})},
      arguments, flags);
  std::cout << native_name(QueueName::parse(settings.text("name")), settings.text("backend")) << '\n';
  return exit_ok;
}

}  // namespace omnibus::app
