// Request and response over two queues, between two processes, on any backend:
//
//   round_trip_benchmark --pubsub-url URL echo REQUESTS RESPONSES              sends back what comes, until
//   it is stopped round_trip_benchmark --pubsub-url URL ask REQUESTS RESPONSES --count N --size BYTES
//
// One request is under way at a time; the first hundred are not counted.

#include <algorithm>
#include <csignal>
#include <iostream>
#include <vector>

#include <fmt/format.h>

#include <omnibus/framework/program.hpp>
#include <omnibus/omnibus.hpp>
#include <omnibus/raw.hpp>

namespace omnibus::benchmarks {
namespace {

using namespace std::chrono_literals;

const ConsumerOptions readers{.position = Position::latest, .window = 1000};

int echo(Bus& bus, const QueueName& requests, const QueueName& responses, const ProducerOptions& sending) {
  const framework::SignalStop signals;
  auto out = bus.create_producer<Raw>(responses, sending);
  auto in = bus.create_consumer<Raw>(requests, "bench", readers);
  std::cout << "ready" << std::endl;
  while (!signals.token().stop_requested()) {
    const auto message = in.poll(200ms);
    if (!message) continue;
    out.send_async(message->value());
    in.acknowledge_async(*message);
  }
  return 0;
}

int ask(Bus& bus, const QueueName& requests, const QueueName& responses, const ProducerOptions& sending,
        std::size_t count, std::size_t size) {
  auto in = bus.create_consumer<Raw>(responses, "bench", readers);
  auto out = bus.create_producer<Raw>(requests, sending);
  const Raw payload{std::string(size, 'x')};
  constexpr std::size_t warm_up = 100;
  std::vector<double> latencies;
  latencies.reserve(count);
  auto began = Clock::now();
  for (std::size_t index = 0; index < count + warm_up; ++index) {
    const auto sent = Clock::now();
    if (index == warm_up) began = sent;
    out.send_async(payload);
    const auto answer = in.receive(30s);
    in.acknowledge_async(answer);
    if (index >= warm_up) {
      latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    return latencies[std::min(latencies.size() - 1, std::size_t(share * double(latencies.size())))];
  };
  std::cout << fmt::format(
      "{{\"backend\":\"{}\",\"mode\":\"round trip\",\"messages\":{},\"size\":{},\"seconds\":{:.3f},"
      "\"messages_per_second\":{:.0f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f}}}\n",
      bus.backend(), count, size, seconds, double(count) / seconds, at(.5), at(.99), at(.999));
  return 0;
}

int run(int argc, char** argv) {
  Flags flags;
  flags.positional("role", "echo or ask")
      .positional("requests", "queue of the requests")
      .positional("responses", "queue of the responses")
      .integer("count", "how many requests", 2000)
      .integer("size", "payload bytes", 100)
      .list("option", "option of the backend's producer, key=value, may be given several times");
  const auto settings = Settings::from(argc, argv, flags);
  if (settings.integer("count") < 1 || settings.integer("size") < 1) {
    throw ConfigError("--count and --size take 1 or more");
  }
  auto bus = connect(settings);
  const auto requests = QueueName::parse(settings.text("requests"));
  const auto responses = QueueName::parse(settings.text("responses"));
  ProducerOptions sending;
  for (const auto& option : settings.list("option")) {
    const auto equals = option.find('=');
    if (equals == std::string::npos) throw ConfigError("--option takes key=value, not '" + option + "'");
    sending.extra.insert_or_assign(option.substr(0, equals), option.substr(equals + 1));
  }
  if (settings.text("role") == "echo") return echo(bus, requests, responses, sending);
  if (settings.text("role") != "ask") throw ConfigError("the role is echo or ask");
  return ask(bus, requests, responses, sending, static_cast<std::size_t>(settings.integer("count")),
             static_cast<std::size_t>(settings.integer("size")));
}

}  // namespace
}  // namespace omnibus::benchmarks

int main(int argc, char** argv) {
  try {
    return omnibus::benchmarks::run(argc, argv);
  } catch (const omnibus::Error& error) {
    std::cerr << "round_trip_benchmark: " << error.what() << '\n';
    return error.code() == omnibus::ErrorCode::config ? 2 : 1;
  }
}
