// The official Pulsar client, measured as `omnibus bench` and round_trip_benchmark measure omnibus: the same
// payloads, windows and counts, the same JSON lines.
//
//   pulsar_client_benchmark LIBRARY URL throughput MESSAGES SIZE     batching on: send, receive and
//   acknowledge at once pulsar_client_benchmark LIBRARY URL latency MESSAGES SIZE        batching off: one
//   message under way pulsar_client_benchmark LIBRARY URL echo REQUESTS RESPONSES      batching off: sends
//   back what comes, until killed pulsar_client_benchmark LIBRARY URL ask REQUESTS RESPONSES COUNT SIZE

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "pulsar_client.hpp"

namespace omnibus::benchmarks {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int shared = 1, earliest = 1;
constexpr int window = 8192;  // as `omnibus bench`

std::int64_t now() { return Clock::now().time_since_epoch().count(); }

struct Stamp {
  std::uint64_t index;
  std::int64_t sent_at;
};

class Session {
 public:
  Session(const std::string& file, const std::string& url) : library(file) {
    auto* options = library.client_options();
    library.set_logger(
        options,
        [](int level, const char*, int, const char* message, void*) {
          if (level >= 3) std::cerr << message << '\n';
        },
        nullptr);
    client_ = library.create_client(url.c_str(), options);
  }
  ~Session() { library.close_client(client_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void check(PulsarResult result, const std::string& what) const {
    if (result != 0) throw std::runtime_error(what + ": " + library.describe(result));
  }

  PulsarProducer* producer(const std::string& topic, bool batching) {
    auto* options = library.producer_options();
    library.set_batching(options, batching ? 1 : 0);
    library.set_batch_messages(options, 1000);
    library.set_batch_delay(options, 1);
    library.set_max_pending(options, window);
    library.set_block_if_full(options, 1);
    PulsarProducer* made = nullptr;
    check(library.create_producer(client_, topic.c_str(), options, &made), "cannot send to " + topic);
    return made;
  }

  /// `received` runs on the client's listener thread and owns the message.
  PulsarConsumer* consumer(const std::string& topic, PulsarLibrary::Received received, void* context) {
    auto* options = library.consumer_options();
    library.set_type(options, shared);
    library.set_position(options, earliest);
    library.set_listener(options, received, context);
    PulsarConsumer* made = nullptr;
    check(library.subscribe(client_, topic.c_str(), "bench", options, &made), "cannot subscribe to " + topic);
    return made;
  }

  void send(PulsarProducer* producer, const void* data, std::size_t size) {
    auto* message = library.create_message();
    library.set_content(message, data, size);
    library.send(
        producer, message,
        [](PulsarResult result, PulsarMessageId*, void* self) {
          if (result != 0) ++static_cast<Session*>(self)->failed;
        },
        this);
    library.free_message(message);
  }

  void acknowledge_and_free(PulsarConsumer* consumer, PulsarMessage* message) {
    library.acknowledge(
        consumer, message, [](PulsarResult, void*) {}, nullptr);
    library.free_message(message);
  }

  const PulsarLibrary library;
  std::atomic<std::uint64_t> failed = 0;

 private:
  PulsarClient* client_;
};

double percentile(std::vector<std::int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  return double(sorted[std::min(sorted.size() - 1, std::size_t(share * double(sorted.size())))]) / 1e3;
}

void report(const char* mode, std::uint64_t messages, std::size_t size, std::uint64_t received,
            std::uint64_t failed, double seconds, std::vector<std::int64_t> latencies) {
  std::sort(latencies.begin(), latencies.end());
  std::cout << fmt::format(
      "{{\"backend\":\"libpulsar\",\"mode\":\"{}\",\"messages\":{},\"size\":{},\"received\":{},\"lost\":{},"
      "\"failed\":{},\"seconds\":{:.3f},\"messages_per_second\":{:.0f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},"
      "\"p999_us\":{:.1f}}}\n",
      mode, messages, size, received, messages - received, failed, seconds, double(received) / seconds,
      percentile(latencies, .5), percentile(latencies, .99), percentile(latencies, .999));
}

/// Sends and receives in one process, as `omnibus bench` does.
class Bench {
 public:
  Bench(Session& session, std::uint64_t messages, std::size_t size, bool latency)
      : session_(session), messages_(messages), payload_(size, 'x'), latency_(latency) {
    latencies_.reserve(messages);
  }

  void run() {
    const auto topic = fmt::format("persistent://tg/bench/libpulsar-{}-{}", ::getpid(), now());
    auto* consumer = session_.consumer(topic, &Bench::received, this);
    auto* producer = session_.producer(topic, !latency_);
    const auto began = now();
    for (std::uint64_t index = 0; index < messages_; ++index) {
      const Stamp stamp{index, now()};
      std::memcpy(payload_.data(), &stamp, sizeof stamp);
      session_.send(producer, payload_.data(), payload_.size());
      if (latency_) wait_for(index + 1);
    }
    session_.check(session_.library.flush(producer), "flush");
    wait_for(messages_);
    const auto seconds = double(now() - began) / 1e9;
    session_.library.close_producer(producer);
    session_.library.close_consumer(consumer);
    report(latency_ ? "latency" : "throughput", messages_, payload_.size(), count_, session_.failed, seconds,
           std::move(latencies_));
  }

 private:
  static void received(PulsarConsumer* consumer, PulsarMessage* message, void* context) {
    auto& self = *static_cast<Bench*>(context);
    Stamp stamp{};
    std::memcpy(&stamp, self.session_.library.data(message), sizeof stamp);
    self.latencies_.push_back(now() - stamp.sent_at);
    self.session_.acknowledge_and_free(consumer, message);
    ++self.count_;
    if (self.latency_ || self.count_ >= self.messages_) self.count_.notify_one();
  }

  void wait_for(std::uint64_t count) {
    for (auto seen = count_.load(); seen < count; seen = count_) count_.wait(seen);
  }

  Session& session_;
  const std::uint64_t messages_;
  std::string payload_;
  const bool latency_;
  std::vector<std::int64_t> latencies_;  // the listener thread's until the last message
  std::atomic<std::uint64_t> count_ = 0;
};

void echo(Session& session, const std::string& requests, const std::string& responses) {
  struct Context {
    Session& session;
    PulsarProducer* producer;
  } context{session, session.producer(responses, false)};
  session.consumer(
      requests,
      [](PulsarConsumer* consumer, PulsarMessage* message, void* with) {
        auto& [mine, producer] = *static_cast<Context*>(with);
        mine.send(producer, mine.library.data(message), mine.library.length(message));
        mine.acknowledge_and_free(consumer, message);
      },
      &context);
  std::cout << "ready" << std::endl;
  for (;;) ::pause();
}

void ask(Session& session, const std::string& requests, const std::string& responses, std::uint64_t count,
         std::size_t size) {
  struct Context {
    Session& session;
    std::atomic<std::uint64_t> answers = 0;
  } context{session};
  auto* consumer = session.consumer(
      responses,
      [](PulsarConsumer* from, PulsarMessage* message, void* with) {
        auto& mine = *static_cast<Context*>(with);
        mine.session.acknowledge_and_free(from, message);
        ++mine.answers;
        mine.answers.notify_one();
      },
      &context);
  auto* producer = session.producer(requests, false);
  const std::string payload(size, 'x');
  std::vector<std::int64_t> latencies;
  constexpr std::uint64_t warm_up = 100;
  std::int64_t began = 0;
  for (std::uint64_t index = 0; index < count + warm_up; ++index) {
    const auto at = now();
    if (index == warm_up) began = at;
    session.send(producer, payload.data(), payload.size());
    context.answers.wait(index);
    if (index >= warm_up) latencies.push_back(now() - at);
  }
  const auto seconds = double(now() - began) / 1e9;
  session.library.close_producer(producer);
  session.library.close_consumer(consumer);
  report("round trip", count, size, count, session.failed, seconds, std::move(latencies));
}

int run(const std::vector<std::string>& arguments) {
  const auto number = [&](std::size_t at) { return std::stoull(arguments.at(at)); };
  Session session(arguments.at(0), arguments.at(1));
  const auto& mode = arguments.at(2);
  if (mode == "throughput" || mode == "latency") {
    Bench(session, number(3), number(4), mode == "latency").run();
  } else if (mode == "echo") {
    echo(session, arguments.at(3), arguments.at(4));
  } else if (mode == "ask") {
    ask(session, arguments.at(3), arguments.at(4), number(5), number(6));
  } else {
    throw std::runtime_error("unknown mode " + mode);
  }
  return session.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace omnibus::benchmarks

int main(int argc, char** argv) {
  try {
    return omnibus::benchmarks::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "pulsar_client_benchmark: " << error.what()
              << "\nusage: pulsar_client_benchmark LIBRARY URL throughput|latency|echo|ask …\n";
    return 2;
  }
}
