// omnibus tail: the messages of a queue as JSON lines.

#include <iostream>

#include <fmt/format.h>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

using namespace std::chrono_literals;

std::string line_of(const Value& value, const driver::Delivery& delivery,
                    const schema::JsonOptions& options) {
  std::string out = "{\"value\":" + value.str(options) + ",\"properties\":{";
  bool first = true;
  for (const auto& [key, text] : delivery.properties) {
    out += (first ? "" : ",") + json_quote(key) + ":" + json_quote(text);
    first = false;
  }
  return out + "},\"attempt\":" + std::to_string(delivery.attempt) + "}";
}

Sharing sharing_of(const std::string& text) {
  if (text == "exclusive") return Sharing::exclusive;
  return text == "failover" ? Sharing::failover : Sharing::shared;
}

ConsumerOptions consumer_options(const Settings& settings) {
  ConsumerOptions options;
  options.sharing = sharing_of(settings.text("sharing"));
  options.position = settings.flag("earliest") ? Position::earliest : Position::latest;
  if (settings.text("subscription").empty()) {
    options.lifetime = Lifetime::ephemeral;
    // Its own subscription: a message that is not of the type is reported once and passed over.
    options.redelivery = {.initial = 24h, .maximum = 24h};
  }
  return options;
}

int tail(const Settings& settings, const schema::Type& type) {
  const auto limit = settings.integer("count");
  const auto timeout = settings.duration("timeout");
  auto bus = connect(settings);
  auto consumer = bus.create_consumer(QueueName::parse(settings.text("queue")), settings.text("subscription"),
                                      type, consumer_options(settings));
  const schema::JsonOptions json{.nulls = settings.bus.nulls};
  std::int64_t printed = 0;
  auto silent_since = Clock::now();
  while (!interrupted() && (limit == 0 || printed < limit)) {
    if (timeout > Duration::zero() && Clock::now() - silent_since >= timeout) break;
    const auto envelope = consumer->receive(100ms);
    if (!envelope) continue;
    silent_since = Clock::now();
    Value value(type);
    if (!consumer->decode(*envelope, value.get())) continue;
    std::cout << line_of(value, envelope->delivery, json) << '\n';
    flush_output();  // before the broker may forget it
    consumer->acknowledge(*envelope);
    ++printed;
  }
  if (printed >= limit) return exit_ok;
  throw TimeoutError(
      fmt::format("{} of {} messages came {}", printed, limit,
                  interrupted() ? "before the signal" : "within --timeout " + settings.text("timeout")));
}

}  // namespace

int run_tail(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("queue", "queue name, for example q1/tg/flow/chunk:f1")
      .text("type", "message type; raw: payloads as base64")
      .text("subscription", "take from this durable subscription instead of one of its own", "")
      .choice("sharing", "how consumers of that subscription share it", {"shared", "exclusive", "failover"},
              "shared")
      .flag("earliest", "begin with the oldest message kept")
      .integer("count", "end after so many messages; 0 = no limit", 0)
      .duration("timeout", "end after so long a silence; 0 = wait for ever", "0");
  const auto settings = Settings::parse(
      {.program = "omnibus tail",
       .summary = "Prints the messages of a queue as JSON lines and acknowledges them.",
       .id = "tail",
       .common = Settings::Common::bus,
       .epilogue =
           "Each line: {\"value\":…,\"properties\":{…},\"attempt\":N}\n\nExamples, the first beside an "
           "`omnibus up`:\n"
           "  omnibus tail q1/tg/flow/chunk:f1 --type Chunk --pubsub-backend embedded\n"
           "  omnibus tail q1/tg/flow/notes --type Error --earliest --count 10 "
           "--timeout 5s --pubsub-url embedded:///tmp/store\n\n" +
           exit_status_help({.failed = "fewer messages than --count came"})},
      arguments, flags);
  const auto type = settings.maybe("type");
  if (!type) throw ConfigError("tail needs --type", "omnibus message types lists them");
  if (settings.integer("count") < 0) throw ConfigError("--count takes 0 or more");
  settings.apply_log();
  watch_signals();
  return tail(settings, find_type(*type));
}

}  // namespace omnibus::app
