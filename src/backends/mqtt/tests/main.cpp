/// The tests, or with `--worker` what they start and kill.

#include <gtest/gtest.h>

#include <cstring>
#include <iostream>

#include "backends/mqtt/tests/driven.hpp"
#include "backends/mqtt/tests/worker.hpp"

namespace omnibus::mqtt {
namespace {

const QueueName queue = QueueName::parse("q2/tg/flow/orders");

void say(const std::string& line) { std::cout << line << std::endl; }

int send(Bus& bus, std::size_t count) {
  auto producer = bus.create_producer<Raw>(queue, {.name = "sender"});
  for (std::size_t i = 1; i <= count; ++i) {
    const auto number = std::to_string(i);
    producer.send_async({number}, {.sequence = i}, [number](const Error* error) {
      say(error == nullptr ? "confirmed " + number : "failed " + number + ": " + error->what());
    });
  }
  producer.flush();
  producer.close();
  say("done");
  return 0;
}

int receive(Bus& bus, bool all) {
  auto consumer = bus.create_consumer<Raw>(queue, "readers");
  say("ready");
  std::optional<Message<Raw>> first;
  for (;;) {
    auto message = consumer.receive(1h);
    say("got " + message->bytes);
    if (!all && !first) {
      first = std::move(message);
      continue;
    }
    try {
      consumer.acknowledge(message);
      say("acked " + message->bytes);
    } catch (const Error& error) {
      say("not acked " + message->bytes + ": " + error.what());
    }
  }
}

}  // namespace

int run_worker(const std::string& mode, const std::string& url, std::size_t count) {
  auto bus = connect_with(&open, url, {.instance = "worker", .connect_timeout = patience});
  return mode == "send" ? send(bus, count) : receive(bus, mode == "receive");
}

}  // namespace omnibus::mqtt

int main(int count, char** words) {
  if (count == 5 && std::strcmp(words[1], "--worker") == 0)
    return omnibus::mqtt::run_worker(words[2], words[3], std::stoull(words[4]));
  testing::InitGoogleTest(&count, words);
  return RUN_ALL_TESTS();
}
