// omnibus topic: a broker's own name for a queue.

#include <iostream>

#include <omnibus/queue_name.hpp>

#include "commands.hpp"
#include "src/backends/registry.hpp"
#include "tool.hpp"

namespace omnibus::app {

int run_topic(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("name", "queue name: {q0|q1|q2}/{tenant}/{namespace}/{queue}, or a persistent:// form")
      .text("backend", "the backend whose name is asked, for example pulsar", "embedded", "PUBSUB_BACKEND");
  const auto settings = Settings::parse(
      {.program = "omnibus topic",
       .summary = "Prints a broker's own name for a queue.",
       .id = "topic",
       .common = Settings::Common::none,
       .epilogue = "Example:\n  omnibus topic q1/tg/flow/chunks --backend pulsar\n\n" +
                   exit_status_help({.failed = "the output cannot be written", .unavailable = ""})},
      arguments, flags);
  std::cout << backends::native_name(settings.text("backend"), QueueName::parse(settings.text("name")))
            << '\n';
  return exit_ok;
}

}  // namespace omnibus::app
