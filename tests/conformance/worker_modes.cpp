/// What a worker process does. See worker.hpp for the modes and what they report.

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <iostream>

#include "conformance/case.hpp"
#include "conformance/steps.hpp"

namespace omnibus::conformance {
namespace {

class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& words) {
    for (const auto& word : words) {
      const auto equal = word.find('=');
      if (equal == std::string::npos) throw ConfigError("a worker takes key=value, got '" + word + "'");
      values_[word.substr(0, equal)] = word.substr(equal + 1);
    }
  }
  std::string text(const std::string& key, const std::string& otherwise = {}) const {
    const auto found = values_.find(key);
    return found != values_.end() ? found->second : otherwise;
  }
  std::int64_t number(const std::string& key, std::int64_t otherwise = 0) const {
    const auto found = values_.find(key);
    return found != values_.end() ? std::stoll(found->second) : otherwise;
  }
  QueueName queue(const std::string& key = "queue") const { return QueueName::parse(text(key)); }

 private:
  Worker::Arguments values_;
};

void say(const std::string& line) { std::cout << line << std::endl; }

void wait_to_be_told() {
  std::string line;
  std::getline(std::cin, line);
}

ConsumerOptions consumer_options(const Arguments& arguments) {
  ConsumerOptions wanted;
  const auto sharing = arguments.text("sharing", "shared");
  wanted.sharing = sharing == "exclusive"  ? Sharing::exclusive
                   : sharing == "failover" ? Sharing::failover
                                           : Sharing::shared;
  wanted.lifetime = arguments.text("lifetime") == "ephemeral" ? Lifetime::ephemeral : Lifetime::durable;
  wanted.position = arguments.text("position") == "earliest" ? Position::earliest : Position::latest;
  wanted.window = static_cast<std::size_t>(arguments.number("window", 1000));
  wanted.max_attempts = static_cast<std::uint32_t>(arguments.number("attempts", 0));
  const Duration backoff = std::chrono::milliseconds(arguments.number("backoff", 20));
  wanted.redelivery = {.initial = backoff, .maximum = backoff, .factor = 1, .jitter = 0};
  return wanted;
}

template <Schema T>
void settle(Consumer<T>& consumer, const Message<T>& message, std::int64_t number, const std::string& how) {
  const bool odd = number % 2 != 0;
  if (how == "nack" || (how == "sort" && odd)) {
    consumer.negative_acknowledge(message, "refused by the worker");
    say("nacked " + std::to_string(number));
  } else if (how == "all" || (!odd && (how == "even" || how == "sort"))) {
    consumer.acknowledge(message);
    say("acked " + std::to_string(number));
  }
}

int consume(Bus bus, const Arguments& arguments) {
  auto consumer = bus.create_consumer<Item>(arguments.queue(), arguments.text("subscription", "readers"),
                                            consumer_options(arguments));
  say("ready");
  const auto count = arguments.number("count", -1);
  const auto how = arguments.text("ack", "all");
  for (std::int64_t taken = 0; taken != count; ++taken) {
    const auto message = consumer.receive(1h);
    say("got " + std::to_string(message->number) + " " + std::to_string(message.attempt()));
    settle(consumer, message, message->number, how);
  }
  say("done");
  wait_to_be_told();
  return 0;
}

int measure(Bus bus, const Arguments& arguments) {
  auto consumer = bus.create_consumer<Raw>(arguments.queue(), arguments.text("subscription", "readers"),
                                           consumer_options(arguments));
  say("ready");
  const auto count = arguments.number("count", -1);
  for (std::int64_t taken = 0; taken != count; ++taken) {
    const auto message = consumer.receive(1h);
    const auto& bytes = message->bytes;
    say("got " + std::to_string(bytes.size()) + " " + std::to_string(std::hash<std::string>{}(bytes)) + " " +
        std::to_string(message.attempt()));
    settle(consumer, message, taken, arguments.text("ack", "all"));
  }
  say("done");
  wait_to_be_told();
  return 0;
}

int produce(Bus bus, const Arguments& arguments) {
  reach("connected");
  auto producer = bus.create_producer<Item>(arguments.queue(), {.name = arguments.text("name")});
  reach("producer made");
  say("ready");
  const std::string filling(static_cast<std::size_t>(arguments.number("size", 0)), 'x');
  const bool numbered = arguments.text("numbered") == "yes";
  const auto last = arguments.number("to");
  for (auto number = arguments.number("from"); number <= last; ++number) {
    SendOptions how;
    if (numbered) how.sequence = static_cast<std::uint64_t>(number);
    reach("sending");
    producer.send(item(number, "worker", filling), how);
    reach("confirmed");
    say("confirmed " + std::to_string(number));
  }
  if (arguments.text("close") == "yes") {
    producer.close();
    reach("closing");
    bus.close();
    reach("closed");
  }
  say("done");
  wait_to_be_told();
  return 0;
}

int relay(Bus bus, const Arguments& arguments) {
  auto consumer = bus.create_consumer<Item>(arguments.queue(), arguments.text("subscription", "readers"),
                                            consumer_options(arguments));
  auto producer = bus.create_producer<Item>(arguments.queue("out"), {.name = arguments.text("name")});
  say("ready");
  const auto die = arguments.number("die", -1);
  for (;;) {
    const auto message = consumer.receive(1h);
    const auto text = std::to_string(message->number);
    producer.send(*message.operator->(), {.sequence = static_cast<std::uint64_t>(message->number)});
    say("sent " + text);
    if (message->number == die) ::raise(SIGKILL);
    consumer.acknowledge(message);
    say("acked " + text);
  }
}

/// Consumes, and produces to two queues. All in one transaction; where there are none, one after the other.
class Relay {
 public:
  Relay(Bus bus, const Arguments& arguments)
      : bus_(std::move(bus)),
        consumer_(bus_.create_consumer<Item>(arguments.queue(), arguments.text("subscription", "readers"),
                                             consumer_options(arguments))),
        first_(arguments.queue("first")),
        second_(arguments.queue("second")) {
    if (bus_.features().has(Feature::transactions)) return;
    producers_.push_back(bus_.create_producer<Item>(first_));
    producers_.push_back(bus_.create_producer<Item>(second_));
  }

  void one(bool change_mind) {
    const auto message = consumer_.receive(1h);
    reach("received");
    try {
      producers_.empty() ? together(message, change_mind) : in_turn(message);
      return reach("committed");
    } catch (const ChangedMind&) {
      reach("aborted");
    } catch (const Error& error) {
      refused(error);
    }
    try {
      consumer_.negative_acknowledge(message, "not relayed");
      reach("given back");
    } catch (const Error& error) {
      refused(error);
    }
  }
  void close() {
    consumer_.close();
    reach("closing");
    bus_.close();
  }

 private:
  struct ChangedMind {};

  /// The message is in the open transaction of a relay that was killed, or with another consumer: nothing has
  /// happened, and it comes again. Any other error ends the relay.
  static void refused(const Error& error) {
    if (error.code() != ErrorCode::stale_ack && error.code() != ErrorCode::conflict) error.raise();
    say("refused " + std::string(to_string(error.code())));
  }

  void together(const Message<Item>& message, bool change_mind) {
    bus_.transact([&](Transaction& transaction) {
      reach("begun");
      transaction.send(first_, message.value());
      reach("first output handed over");
      transaction.send(second_, message.value());
      reach("second output handed over");
      transaction.acknowledge(consumer_, message);
      reach("acknowledgement handed over");
      if (change_mind) throw ChangedMind{};
    });
  }
  void in_turn(const Message<Item>& message) {
    producers_[0].send(message.value());
    reach("first output handed over");
    producers_[1].send(message.value());
    reach("second output handed over");
    consumer_.acknowledge(message);
    reach("acknowledgement handed over");
  }

  Bus bus_;
  Consumer<Item> consumer_;
  QueueName first_, second_;
  std::vector<Producer<Item>> producers_;  ///< without transactions only
};

int transact(Bus bus, const Arguments& arguments) {
  reach("connected");
  Relay relay(std::move(bus), arguments);
  reach("subscribed");
  say("ready");
  const auto aborting = arguments.number("abort"), count = arguments.number("count", -1);
  for (std::int64_t taken = 0; taken != count; ++taken) relay.one(aborting > 0 && taken % aborting == 1);
  relay.close();
  return 0;
}

int dispatch(const std::string& mode, const Arguments& arguments) {
  if (const auto limit = arguments.number("file_limit"); limit > 0) {
    const rlimit most{.rlim_cur = static_cast<rlim_t>(limit), .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &most);
  }
  BusOptions connection;
  connection.instance = arguments.text("instance");
  connection.connect_timeout = options().patience;
  if (const auto step = arguments.text("step"); !step.empty()) {
    die_at(step, static_cast<std::uint64_t>(arguments.number("nth", 1)));
  }
  auto bus = connect_with_steps(arguments.text("url"), connection);
  if (mode == "consume") return consume(bus, arguments);
  if (mode == "measure") return measure(bus, arguments);
  if (mode == "produce") return produce(bus, arguments);
  if (mode == "relay") return relay(bus, arguments);
  if (mode == "transact") return transact(bus, arguments);
  throw ConfigError("unknown worker mode '" + mode + "'");
}

}  // namespace

int run_worker(const std::vector<std::string>& arguments) {
  // A worker never outlives the run, however that ends.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
    return dispatch(arguments.front(), Arguments(words));
  } catch (const Error& error) {
    say("failed " + std::string(to_string(error.code())) + " " + error.what());
  } catch (const std::exception& error) {
    say(std::string("failed internal ") + error.what());
  }
  return 1;
}

}  // namespace omnibus::conformance
