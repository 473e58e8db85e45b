// A bare loop of an MQTT client library at the work that omnibus_peer does: the same texts, the same window,
// the same counting. What omnibus does beyond is not here: no struct is encoded or decoded but for the two
// numbers that count, nothing waits for a handler, nothing is measured on the way.

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include <omnibus/error.hpp>
#include <omnibus/settings.hpp>

#include "../peers/tally.hpp"
#include "connection.hpp"

namespace omnibus::benchmarks {
namespace {

using namespace std::chrono_literals;

struct Plan {
  Link link;
  std::string topic;
  std::uint64_t messages;
  std::size_t size;

  Link link_of(const char* role) const {
    auto mine = link;
    mine.client_id = fmt::format("bench-{}-{}", role, now());
    return mine;
  }
};

/// The first thing that went wrong ends the run. Threads: any.
class Failure {
 public:
  void keep(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (!why_) why_ = why;
  }
  void raise() const {
    const std::lock_guard lock(mutex_);
    if (why_) throw std::runtime_error(*why_);
  }

 private:
  mutable std::mutex mutex_;  // guards the next
  std::optional<std::string> why_;
};

/// Keeps the window: the sender sleeps when it is full until half of it is free.
class Sending final : public Events {
 public:
  explicit Sending(std::uint64_t window) : window_(window) {}

  void received(std::string_view) noexcept override {}
  void sent() noexcept override {
    const auto confirmed = ++confirmed_;
    if (confirmed >= wanted_) wake();
  }
  void failed(const std::string& why) noexcept override {
    failure_.keep(why);
    broken_ = true;
    wake();
  }

  /// Before message number `index`.
  void make_room(std::uint64_t index) {
    if (index - confirmed_ >= window_) wait_for(index - window_ / 2);
  }

  void wait_for(std::uint64_t confirmed) {
    wanted_ = confirmed;
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 60s, [&] { return confirmed_ >= confirmed || broken_; })) {
      throw std::runtime_error(fmt::format("{} of {} messages were confirmed", confirmed_.load(), confirmed));
    }
    failure_.raise();
    wanted_ = never;
  }

 private:
  static constexpr auto never = ~std::uint64_t{0};

  void wake() {
    { const std::lock_guard lock(mutex_); }
    changed_.notify_one();
  }

  const std::uint64_t window_;
  std::atomic<std::uint64_t> confirmed_ = 0, wanted_ = never;
  std::atomic<bool> broken_ = false;
  std::mutex mutex_;  // between the test and the sleep of the waiting thread
  std::condition_variable changed_;
  Failure failure_;
};

/// Reads the two numbers that `text_of` writes; false when the text is another.
bool read(std::string_view text, Note& note) {
  const auto number = [&](std::string_view name, auto& value) {
    if (!text.starts_with(name)) return false;
    const auto [end, error] = std::from_chars(text.data() + name.size(), text.data() + text.size(), value);
    text = text.substr(static_cast<std::size_t>(end - text.data()));
    return error == std::errc();
  };
  return number(R"({"index":)", note.index) && number(R"(,"sent":)", note.sent);
}

class Receiving final : public Events {
 public:
  Receiving(std::uint64_t messages, std::size_t size) : messages_(messages), tally_(messages, size) {}

  void received(std::string_view payload) noexcept override {
    Note note;
    if (!read(payload, note) || note.index >= messages_) return failed("a message is not of this run");
    tally_.take(note);
    tally_.acknowledged();
    ++arrived_;
    if (tally_.complete()) finish();
  }
  void sent() noexcept override {}
  void failed(const std::string& why) noexcept override {
    failure_.keep(why);
    finish();
  }

  /// A minute for the first message, then seconds for each other: what has not come is lost.
  void wait() {
    std::unique_lock lock(mutex_);
    std::uint64_t before = 0;
    while (!changed_.wait_for(lock, before == 0 ? 60s : 3s, [&] { return finished_; })) {
      const auto count = arrived_.load();
      if (count == before) break;
      before = count;
    }
    failure_.raise();
  }

  /// After the connection has gone.
  void report() const { std::cout << '{' << tally_.figures() << "}\n"; }

 private:
  void finish() {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
    }
    changed_.notify_one();
  }

  const std::uint64_t messages_;
  Tally tally_;  // the library's thread's until the connection has gone
  std::atomic<std::uint64_t> arrived_ = 0;
  std::mutex mutex_;  // guards the next
  bool finished_ = false;
  std::condition_variable changed_;
  Failure failure_;
};

void send(const Plan& plan) {
  Sending sending(plan.link.window);
  const auto connection = open_connection(plan.link_of("send"), sending);
  const std::string filler(plan.size, 'x');
  std::string text;
  for (std::uint64_t index = 0; index < plan.messages; ++index) {
    sending.make_room(index);
    text.clear();
    fmt::format_to(std::back_inserter(text), R"({{"index":{},"sent":{},"text":"{}"}})", index, now(), filler);
    connection->publish(plan.topic, text);
  }
  sending.wait_for(plan.messages);
}

/// `ready` is called when the subscription stands; what it starts ends before the connection.
void receive(const Plan& plan, const std::function<std::jthread()>& ready) {
  Receiving receiving(plan.messages, plan.size);
  {
    const auto connection = open_connection(plan.link_of("receive"), receiving);
    connection->subscribe(plan.topic);
    const std::jthread beside = ready();
    receiving.wait();
  }
  receiving.report();
}

void receive_alone(const Plan& plan) {
  receive(plan, [] {
    std::cout << "ready" << std::endl;
    return std::jthread();
  });
}

void both(const Plan& plan) {
  Failure failure;
  receive(plan, [&] {
    return std::jthread([&] {
      try {
        send(plan);
      } catch (const std::exception& error) {
        failure.keep(error.what());
      }
    });
  });
  failure.raise();
}

void run(int argc, char** argv) {
  static const std::map<std::string, void (*)(const Plan&)> roles{
      {"send", send}, {"receive", receive_alone}, {"both", both}};
  Flags flags;
  flags.positional("role", "send, receive or both")
      .text("host", "where the broker is", "127.0.0.1")
      .port("port", "its port without TLS", 1883)
      .text("topic", "topic of the run", "tg/bench/peers")
      .integer("qos", "0, 1 or 2", 1)
      .integer("messages", "how many", 100000)
      .integer("size", "bytes of the text", 100)
      .integer("window", "messages on their way, and receive maximum", 1000);
  const auto settings = Settings::parse(
      {.program = argv[0],
       .summary = "A bare loop of an MQTT client library; prints one JSON line when it receives.",
       .id = "bench",
       .common = Settings::Common::none},
      {argv + 1, argv + argc}, flags);
  const auto number = [&](const char* flag, std::int64_t least, std::int64_t most) {
    const auto value = settings.integer(flag);
    if (value < least || value > most) {
      throw ConfigError(fmt::format("--{} takes {} to {}, not {}", flag, least, most, value));
    }
    return value;
  };
  const auto role = roles.find(settings.text("role"));
  if (role == roles.end()) throw ConfigError("the role is send, receive or both");
  role->second({.link = {.host = settings.text("host"),
                         .port = settings.port("port"),
                         .client_id = {},
                         .qos = static_cast<int>(number("qos", 0, 2)),
                         .window = static_cast<std::uint16_t>(number("window", 2, 65535))},
                .topic = settings.text("topic"),
                .messages = static_cast<std::uint64_t>(number("messages", 1, 1 << 30)),
                .size = static_cast<std::size_t>(number("size", 0, 1 << 26))});
}

}  // namespace
}  // namespace omnibus::benchmarks

int main(int argc, char** argv) {
  try {
    omnibus::benchmarks::run(argc, argv);
  } catch (const omnibus::Settings::Exit& wish) {
    std::cout << wish.text;
    return wish.status;
  } catch (const std::exception& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 1;
  }
}
