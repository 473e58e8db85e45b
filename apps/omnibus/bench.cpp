// omnibus bench: throughput and latency through a broker, with every message counted.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <omnibus/raw.hpp>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

using namespace std::chrono_literals;

struct Plan {
  std::uint64_t messages = 0;
  std::size_t size = 0;
  std::uint32_t producers = 1, consumers = 1;
  bool latency = false;
  bool send = true, receive = true;  // one process may do only one of them
  double rate = 0;                   // messages per second in all; 0 = as fast as they go
  Duration patience = 30s;
  Extra options = {};  // of the backend's producers
};

/// What every message begins with; the rest is filler.
struct Stamp {
  std::uint64_t index;   // which message of the run
  std::int64_t sent_at;  // nanoseconds of the steady clock; the intended time when a rate is given
};

std::int64_t now() { return Clock::now().time_since_epoch().count(); }

class Bench {
 public:
  Bench(const Settings& settings, Plan plan)
      : plan_(std::move(plan)),
        bus_(connect(settings)),
        queue_(queue_of(settings)),
        arrived_(plan_.messages),
        latencies_(plan_.consumers) {}

  int run(bool json) {
    if (!plan_.receive) bus_.create_subscription(queue_, "bench", Position::earliest);
    for (std::uint32_t i = 0; plan_.receive && i < plan_.consumers; ++i) {
      consumers_.push_back(
          bus_.create_consumer<Raw>(queue_, "bench", {.position = Position::earliest, .window = 4096}));
    }
    if (plan_.send) began_at_ = now();
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < consumers_.size(); ++i)
      threads.emplace_back([this, i] { carefully([&] { consume(i); }); });
    for (std::uint32_t i = 0; plan_.send && i < plan_.producers; ++i)
      threads.emplace_back([this, i] { carefully([&] { produce(i); }); });
    progress();
    threads.clear();
    if (broken_) failure_->raise();
    report(json);
    if (plan_.receive) unsubscribe();
    if (failure_) failure_->raise();
    return lost() == 0 ? exit_ok : exit_failed;
  }

 private:
  static Qos qos_of(const std::string& text) {
    if (text == "q0") return Qos::best_effort;
    return text == "q1" ? Qos::at_least_once : Qos::exactly_once;
  }

  /// Two processes meet on a queue that both were told; else a new one.
  static QueueName queue_of(const Settings& settings) {
    if (const auto name = settings.maybe("queue")) return QueueName::parse(*name);
    return {.name = fmt::format("bench-{}-{}", ::getpid(), now()),
            .qos = qos_of(settings.text("qos")),
            .space = "bench"};
  }

  /// What a thread fails with ends the run; the main thread throws it.
  template <class Work>
  void carefully(Work work) {
    try {
      work();
    } catch (...) {
      keep(to_error(std::current_exception()));
      broken_ = true;
      finish();
    }
  }

  void keep(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }

  /// The others close first: to them the subscription's end is a loss.
  void unsubscribe() {
    consumers_.erase(consumers_.begin() + 1, consumers_.end());
    consumers_.front().unsubscribe();
  }

  void produce(std::uint32_t producer) {
    auto out = bus_.create_producer<Raw>(queue_, {.window = 8192, .extra = plan_.options});
    Raw message{std::string(plan_.size, 'x')};
    const auto step =
        plan_.rate > 0 ? Duration(static_cast<std::int64_t>(1e9 / plan_.rate)) : Duration::zero();
    const auto begin = Clock::now();
    for (std::uint64_t index = producer; index < plan_.messages && !stop_; index += plan_.producers) {
      Stamp stamp{index, now()};
      if (plan_.rate > 0) {
        const auto due = begin + step * static_cast<std::int64_t>(index);
        std::this_thread::sleep_until(due);
        stamp.sent_at = due.time_since_epoch().count();
      }
      std::memcpy(message.bytes.data(), &stamp, sizeof stamp);
      out.send_async(message, {}, [this](const Error* error) {
        if (error == nullptr) {
          if (!plan_.receive) count_received();
          return;
        }
        keep(*error);
        ++failed_;
        finish_when_all();
      });
      if (plan_.latency && plan_.rate <= 0 && plan_.receive) await(index);
    }
    out.close(plan_.patience);
  }

  /// Closed loop: the next message goes when this one has arrived.
  void await(std::uint64_t index) {
    while (arrived_[index].load(std::memory_order_acquire) == 0) arrived_[index].wait(0);
  }

  void consume(std::uint32_t consumer) {
    auto& in = consumers_[consumer];
    auto& latencies = latencies_[consumer];
    latencies.reserve(plan_.messages / plan_.consumers + 1);
    while (!stop_) {
      auto message = in.poll(100ms);
      if (!message) continue;
      Stamp stamp{};
      if (!read_stamp(message->payload(), stamp)) {
        in.negative_acknowledge(*message);  // it is somebody else's
        throw ConfigError("a message on " + queue_.str() + " is not of this run",
                          "use a queue of its own, and the same --messages and --size for both roles");
      }
      latencies.push_back(now() - stamp.sent_at);
      in.acknowledge_async(*message);
      if (!plan_.send) mark_begin(stamp.sent_at);
      if ((arrived_[stamp.index]++ & ~released) != 0) {
        ++duplicated_;
        continue;
      }
      arrived_[stamp.index].notify_all();
      count_received();
    }
  }

  /// False when the message is not of this run.
  bool read_stamp(std::string_view payload, Stamp& stamp) const {
    if (payload.size() != plan_.size) return false;
    std::memcpy(&stamp, payload.data(), sizeof stamp);
    return stamp.index < plan_.messages;
  }

  void count_received() {
    ++received_;
    finish_when_all();
  }

  void finish_when_all() {
    if (received_ + failed_ >= plan_.messages) finish();
  }

  /// Receiving only: the run begins when its first message was sent.
  void mark_begin(std::int64_t sent_at) {
    std::int64_t unset = 0;
    began_at_.compare_exchange_strong(unset, sent_at);
  }

  void finish() {
    finished_at_ = now();
    stop_ = true;
  }

  /// Shows where it is until everything arrived, or nothing has for the patience.
  void progress() {
    const bool terminal = ::isatty(STDERR_FILENO) != 0;
    std::uint64_t last = 0;
    auto moved = Clock::now();
    while (!stop_) {
      std::this_thread::sleep_for(50ms);
      const auto count = received_.load();
      if (count != last) moved = Clock::now(), last = count;
      if (terminal) {
        std::cerr << fmt::format("\r{}/{} messages, {:.1f} s ", count, plan_.messages,
                                 began_at_ == 0 ? 0.0 : double(now() - began_at_) / 1e9);
      }
      if (Clock::now() - moved > plan_.patience || interrupted()) finish();
    }
    if (terminal) std::cerr << "\r\033[K";
    for (auto& count : arrived_) {
      count.fetch_or(released);
      count.notify_all();
    }
  }

  std::uint64_t lost() const { return plan_.messages - received_; }

  void report(bool json) {
    std::vector<std::int64_t> all;
    for (const auto& part : latencies_) all.insert(all.end(), part.begin(), part.end());
    std::sort(all.begin(), all.end());
    const auto at = [&](double share) {
      if (all.empty()) return 0.0;
      return double(all[std::min(all.size() - 1, std::size_t(share * double(all.size())))]) / 1e3;
    };
    const double seconds = began_at_ == 0 ? 0.0 : double(finished_at_ - began_at_) / 1e9;
    const double rate = seconds > 0 ? double(received_) / seconds : 0.0;
    const auto format =
        json ? "{{\"backend\":\"{}\",\"mode\":\"{}\",\"messages\":{},\"size\":{},\"producers\":{},"
               "\"consumers\":{},"
               "\"received\":{},\"lost\":{},\"duplicated\":{},\"failed\":{},\"seconds\":{:.3f},\"messages_"
               "per_second\":{:.0f},"
               "\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f}}}\n"
             : "backend     {}\nmode        {}\nmessages    {} of {} bytes\nproducers   {}, consumers "
               "{}\nreceived    {}\n"
               "lost        {}\nduplicated  {}\nfailed      {}\nseconds     {:.3f}\nmessages/s  {:.0f}\n"
               "latency     p50 {:.1f} us, p99 {:.1f} us, p99.9 {:.1f} us\n";
    std::cout << fmt::format(fmt::runtime(format), bus_.backend(), plan_.latency ? "latency" : "throughput",
                             plan_.messages, plan_.size, plan_.producers, plan_.consumers, received_.load(),
                             lost(), duplicated_.load(), failed_.load(), seconds, rate, at(.5), at(.99),
                             at(.999));
  }

  static constexpr std::uint32_t released = 1U << 31;  // in a count of arrived_: nobody waits any more

  const Plan plan_;
  Bus bus_;
  const QueueName queue_;
  std::vector<std::atomic<std::uint32_t>> arrived_;   // times each message came
  std::vector<std::vector<std::int64_t>> latencies_;  // nanoseconds, one list per consumer
  std::vector<Consumer<Raw>> consumers_;
  std::atomic<std::uint64_t> received_ = 0, duplicated_ = 0, failed_ = 0;
  std::atomic<std::int64_t> began_at_ = 0, finished_at_ = 0;
  std::atomic<bool> stop_ = false, broken_ = false;
  std::mutex mutex_;              // guards the next
  std::optional<Error> failure_;  // the first
};

Plan plan_of(const Settings& settings) {
  const auto at_least = [&](std::string_view flag, std::int64_t least) {
    const auto value = settings.integer(flag);
    if (value < least) throw ConfigError(fmt::format("--{} takes {} or more, not {}", flag, least, value));
    return static_cast<std::uint64_t>(value);
  };
  Plan plan{.messages = at_least("messages", 1),
            .size = at_least("size", sizeof(Stamp)),
            .producers = static_cast<std::uint32_t>(at_least("producers", 1)),
            .consumers = static_cast<std::uint32_t>(at_least("consumers", 1)),
            .rate = settings.number("rate"),
            .patience = settings.duration("patience"),
            .options = pairs_of(settings, "option")};
  if (plan.patience <= Duration::zero()) throw ConfigError("--patience takes more than 0");
  plan.latency = settings.text("mode") == "latency";
  const auto role = settings.text("role");
  plan.send = role != "receive";
  plan.receive = role != "send";
  if (role != "both" && !settings.maybe("queue")) throw ConfigError("--role " + role + " needs --queue");
  if (plan.rate < 0) throw ConfigError("--rate takes 0 or more");
  return plan;
}

}  // namespace

int run_bench(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "gateway")
    return run_bench_gateway({arguments.begin() + 1, arguments.end()});
  Flags flags;
  flags.integer("messages", "how many in all", 100000)
      .integer("size", "payload bytes, 16 or more", 100)
      .integer("producers", "sending threads, a producer each", 1)
      .integer("consumers", "receiving threads, sharing one subscription", 1)
      .choice("mode", "throughput: as fast as they go; latency: one message in flight per producer",
              {"throughput", "latency"}, "throughput")
      .number("rate", "messages per second in all; latency then counts from the intended time (open loop)", 0)
      .choice("qos", "quality of service of the run's own queue", {"q0", "q1", "q2"}, "q1")
      .choice("role", "both; or send, or receive, so that two processes share the work",
              {"both", "send", "receive"}, "both")
      .text("queue", "queue of the run, the same for both roles; a new one by default")
      .duration("patience", "give up after so long without a message", "30s")
      .list("option", "option of the backend's producers, key=value, may be given several times")
      .choice("log-level", "least severe record that is logged",
              {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}, "WARNING", {}, 'l')
      .flag("json", "print one JSON object");
  const auto settings =
      Settings::parse({.program = "omnibus bench",
                       .summary = "Sends numbered messages through a broker, receives and acknowledges each, "
                                  "counts losses and doubles.",
                       .id = "bench",
                       .common = Settings::Common::bus,
                       .default_url = "embedded://",
                       .epilogue = "Examples:\n  omnibus bench --messages 1000000 --size 100\n"
                                   "  omnibus bench --pubsub-url 'embedded:///tmp/store?durability=process' "
                                   "--mode latency --rate 1000 "
                                   "--json\n\n`omnibus bench gateway --help`: the same for a gateway.\n\n" +
                                   exit_status_help({.failed = "messages were lost or refused"})},
                      arguments, flags);
  settings.apply_log();
  watch_signals();
  return Bench(settings, plan_of(settings)).run(settings.flag("json"));
}

}  // namespace omnibus::app
