// omnibus at the work that its peers in this folder do: encode a small struct to JSON, send, receive, decode,
// acknowledge, with metrics on; what is lost is counted. run.sh says what it is called with.

#include <algorithm>
#include <iostream>
#include <map>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <omnibus/omnibus.hpp>

#include "tally.hpp"

namespace omnibus::benchmarks {
namespace {

using namespace std::chrono_literals;

struct Plan {
  Bus bus;
  QueueName queue;
  std::uint64_t messages;
  std::size_t size;
  std::uint64_t publishers;  // more than one: each waits for its confirmation
  std::size_t window;        // of the producer, and of the consumer

  ProducerOptions sending() const { return {.window = window}; }
  ConsumerOptions reading() const { return {.position = Position::earliest, .window = window}; }
};

void ready() { std::cout << "ready" << std::endl; }

void publish(Producer<Note>& out, const Plan& plan, std::uint64_t from, std::uint64_t step) {
  Note note{.text = std::string(plan.size, 'x')};
  for (note.index = from; note.index < plan.messages; note.index += step) {
    note.sent = now();
    if (step > 1) {
      out.send(note);
    } else {
      out.send_async(note);
    }
  }
  out.flush(60s);
}

void send(Plan& plan) {
  auto out = plan.bus.create_producer<Note>(plan.queue, plan.sending());
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 1; i < plan.publishers; ++i) {
    threads.emplace_back([&, i] { publish(out, plan, i, plan.publishers); });
  }
  publish(out, plan, 0, plan.publishers);
}

/// The last acknowledgement is waited for.
void settle(Consumer<Note>& in, const Message<Note>& message, Tally& tally) {
  if (tally.complete()) {
    in.acknowledge(message);
  } else {
    in.acknowledge_async(message);
  }
  tally.acknowledged();
}

/// Waits a minute for the first message, then seconds for each other: what has not come is lost.
void take_all(Consumer<Note>& in, const Plan& plan) {
  Tally tally(plan.messages, plan.size);
  Duration wait = 60s;
  while (!tally.complete()) {
    const auto message = in.poll(wait);
    if (!message) break;
    wait = 3s;
    tally.take(message->value());
    settle(in, *message, tally);
  }
  tally.report();
}

void receive(Plan& plan) {
  auto in = plan.bus.create_consumer<Note>(plan.queue, "bench", plan.reading());
  ready();
  take_all(in, plan);
}

/// Two threads of one process.
void queued(Plan& plan) {
  auto in = plan.bus.create_consumer<Note>(plan.queue, "bench", plan.reading());
  const std::jthread sender([&] { send(plan); });
  take_all(in, plan);
}

/// One thread: each message is received before the next is sent.
void same_thread(Plan& plan) {
  auto in = plan.bus.create_consumer<Note>(plan.queue, "bench", plan.reading());
  auto out = plan.bus.create_producer<Note>(plan.queue);
  Note note{.text = std::string(plan.size, 'x')};
  Tally tally(plan.messages, plan.size);
  for (; note.index < plan.messages; ++note.index) {
    note.sent = now();
    out.send_async(note);
    const auto message = in.receive(30s);
    tally.take(message.value());
    settle(in, message, tally);
  }
  tally.report();
}

/// Handlers on the sender's thread. What best effort offers: nothing to acknowledge.
void handled_inline(Plan& plan) {
  Tally tally(plan.messages, plan.size);
  const auto in = plan.bus.create_inline_consumer<Note>(plan.queue, [&](const InlineMessage<Note>& message) {
    tally.take(message.value());
    if (tally.complete()) tally.acknowledged();
  });
  send(plan);
  tally.report();
}

/// Consume, process, produce; with q2 each message in a transaction of its own.
void pipeline(Plan& plan) {
  auto target = plan.queue;
  target.name += "-out";
  plan.bus.create_subscription(target, "bench", Position::earliest);
  auto in = plan.bus.create_consumer<Note>(plan.queue, "bench", plan.reading());
  send(plan);
  auto out = plan.bus.create_producer<Note>(target, plan.sending());
  Tally tally(plan.messages, plan.size);
  const auto began = now();
  while (!tally.complete()) {
    auto message = in.receive(30s);
    message.value().sent = began;
    tally.take(message.value());
    if (plan.queue.qos == Qos::exactly_once) {
      plan.bus.transact([&](Transaction& transaction) {
        transaction.send(target, message.value());
        transaction.acknowledge(in, message);
      });
    } else {
      out.send_async(message.value());
      in.acknowledge_async(message);
    }
  }
  out.flush(60s);
  tally.acknowledged();
  tally.report();
}

QueueName answers_of(QueueName queue) {
  queue.name += "-answers";
  return queue;
}

void echo(Plan& plan) {
  auto out = plan.bus.create_producer<Note>(answers_of(plan.queue));
  auto in = plan.bus.create_consumer<Note>(plan.queue, "bench", plan.reading());
  ready();
  for (;;) {
    const auto message = in.poll(60s);
    if (!message) return;
    out.send_async(message->value());
    in.acknowledge_async(*message);
  }
}

void ask(Plan& plan) {
  auto in = plan.bus.create_consumer<Note>(answers_of(plan.queue), "bench", plan.reading());
  auto out = plan.bus.create_producer<Note>(plan.queue);
  Note note{.text = std::string(plan.size, 'x')};
  constexpr std::uint64_t warm_up = 100;
  std::vector<double> times;
  for (; note.index < plan.messages + warm_up; ++note.index) {
    const auto began = Clock::now();
    out.send_async(note);
    in.acknowledge_async(in.receive(30s));
    if (note.index < warm_up) continue;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
  }
  std::sort(times.begin(), times.end());
  std::cout << fmt::format("{{\"messages\":{},\"size\":{},\"lost\":0,\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n",
                           plan.messages, plan.size, times[times.size() / 2], times[times.size() * 99 / 100]);
}

void run(int argc, char** argv) {
  static const std::map<std::string, void (*)(Plan&)> roles{{"send", send},
                                                            {"receive", receive},
                                                            {"queued", queued},
                                                            {"same-thread", same_thread},
                                                            {"inline", handled_inline},
                                                            {"pipeline", pipeline},
                                                            {"echo", echo},
                                                            {"ask", ask}};
  Flags flags;
  flags.positional("role", "send, receive, queued, same-thread, inline, pipeline, echo or ask")
      .text("queue", "queue of the run", "q1/tg/bench/peers")
      .integer("messages", "how many", 100000)
      .integer("size", "bytes of the text", 100)
      .integer("publishers", "more than one: each waits for its confirmation", 1)
      .integer("window", "unconfirmed messages of the sender, unacknowledged ones of the receiver", 8192);
  const auto settings = Settings::from(argc, argv, flags);
  const auto role = roles.find(settings.text("role"));
  if (role == roles.end()) throw ConfigError("unknown role");
  const auto positive = [&](const char* flag) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(1, settings.integer(flag)));
  };
  Plan plan{.bus = connect(settings),
            .queue = QueueName::parse(settings.text("queue")),
            .messages = positive("messages"),
            .size = positive("size"),
            .publishers = positive("publishers"),
            .window = positive("window")};
  role->second(plan);
}

}  // namespace
}  // namespace omnibus::benchmarks

int main(int argc, char** argv) {
  try {
    omnibus::benchmarks::run(argc, argv);
  } catch (const omnibus::Error& error) {
    std::cerr << "omnibus_peer: " << error.what() << '\n';
    return 1;
  }
}
