// What many queues, many consumers and many messages cost the embedded backend, one JSON object a line:
//
//   embedded_scale_benchmark consumers [DIRECTORY]   idle consumers on many queues, busy ones on others
//   embedded_scale_benchmark messages [DIRECTORY]    how long a store with many waiting messages takes to
//   open
//
// Without a directory they take a temporary one, and remove it. How far it is comes on standard error.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <omnibus/omnibus.hpp>
#include <omnibus/raw.hpp>

namespace omnibus::benchmarks {
namespace {

using namespace std::chrono_literals;

struct Scale {
  std::filesystem::path store;
  std::size_t queues = 0, active = 0, messages = 0, size = 0;
  std::string url() const { return "embedded://" + store.string() + "?durability=process"; }
};

double seconds_since(TimePoint start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Of processor time of this process, all threads.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// A number of /proc/self/status: `RssAnon` in KiB, `Threads`.
std::uint64_t own(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  }
  return 0;
}

std::uint64_t disk_bytes(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::uint64_t file_bytes(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? std::filesystem::file_size(file) : 0;
}

/// Tells every second how far something is.
class Progress {
 public:
  Progress(const char* what, std::size_t total) : what_(what), total_(total) {}
  void show(std::size_t done) {
    if (Clock::now() < next_ && done < total_) return;
    next_ = Clock::now() + 1s;
    std::cerr << fmt::format("{}: {} of {}\n", what_, done, total_);
  }

 private:
  const char* what_;
  std::size_t total_;
  TimePoint next_ = Clock::now() + 1s;
};

QueueName queue(const std::string& kind, std::size_t number) {
  return topic("scale-" + kind + "-" + std::to_string(number));
}

/// Memory, threads and files as they are now.
std::string footprint(const Scale& scale) {
  return fmt::format(R"("memory_kib":{},"mapped_kib":{},"threads":{},"disk_bytes":{})", own("RssAnon"),
                     own("RssFile") + own("RssShmem"), own("Threads"), disk_bytes(scale.store));
}

// consumers

using Consumers = std::vector<Consumer<Raw>>;

void attach(Bus& bus, Consumers& consumers, const char* kind, std::size_t count) {
  Progress progress(kind, count);
  for (std::size_t at = 0; at < count; ++at) {
    consumers.push_back(bus.create_consumer<Raw>(queue(kind, at), "s", {.position = Position::earliest}));
    progress.show(at + 1);
  }
}

/// Sends to each of the active ones in turn, and receives and acknowledges everything.
void exchange(Bus& bus, Consumers& active, std::size_t each, std::size_t size) {
  std::vector<Producer<Raw>> producers;
  for (std::size_t at = 0; at < active.size(); ++at)
    producers.push_back(bus.create_producer<Raw>(queue("active", at)));
  const Raw payload{std::string(size, 'x')};
  Progress progress("messages", each * active.size());
  for (std::size_t round = 0; round < each; ++round) {
    for (auto& producer : producers) producer.send_async(payload);
    for (auto& consumer : active) consumer.acknowledge_async(consumer.receive(30s));
    progress.show((round + 1) * active.size());
  }
  for (auto& producer : producers) producer.flush();
}

int run_consumers(const Scale& scale) {
  auto bus = connect(scale.url());
  std::cout << fmt::format("{{\"step\":\"open\",{}}}\n", footprint(scale)) << std::flush;
  Consumers idle, active;
  auto start = Clock::now();
  attach(bus, idle, "idle", scale.queues);
  std::cout << fmt::format(
                   "{{\"step\":\"idle consumers\",\"queues\":{},\"consumers\":{},\"seconds\":{:.3f},{}}}\n",
                   scale.queues, idle.size(), seconds_since(start), footprint(scale))
            << std::flush;
  attach(bus, active, "active", scale.active);
  start = Clock::now();
  const auto each = scale.messages / scale.active;
  exchange(bus, active, each, scale.size);
  const auto seconds = seconds_since(start);
  std::cout << fmt::format(
                   "{{\"step\":\"active "
                   "consumers\",\"consumers\":{},\"messages\":{},\"size\":{},\"seconds\":{:.3f},"
                   "\"messages_per_second\":{:.0f},{}}}\n",
                   active.size(), each * active.size(), scale.size, seconds,
                   static_cast<double>(each * active.size()) / seconds, footprint(scale))
            << std::flush;
  start = Clock::now();
  bus.close(60s);
  std::cout << fmt::format("{{\"step\":\"close\",\"seconds\":{:.3f},{}}}\n", seconds_since(start),
                           footprint(scale));
  return 0;
}

// messages

/// Stores everything and dies of it, so that the next opening has to replay.
void fill(const Scale& scale) {
  auto bus = connect(scale.url());
  std::vector<Producer<Raw>> producers;
  for (std::size_t at = 0; at < scale.queues; ++at) {
    bus.create_subscription(queue("late", at), "late", Position::earliest);
    producers.push_back(bus.create_producer<Raw>(queue("late", at)));
  }
  const Raw payload{std::string(scale.size, 'x')};
  Progress progress("stored", scale.messages);
  for (std::size_t at = 0; at < scale.messages; ++at) {
    producers[at / 1000 % scale.queues].send_async(payload);
    progress.show(at + 1);
  }
  for (auto& producer : producers) producer.flush(60s);
  std::raise(SIGKILL);
}

/// Makes the kernel forget the files, as after a restart of the machine.
void forget_pages(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const int file = entry.is_regular_file() ? ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) continue;
    ::fdatasync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

void measure(const Scale& scale, const char* step) {
  const auto before = own("RssAnon");
  const auto start = Clock::now();
  const auto used = processor_seconds();
  auto bus = connect(scale.url());
  const auto opened = seconds_since(start), used_to_open = processor_seconds() - used;
  std::uint64_t waiting = 0;
  for (std::size_t at = 0; at < scale.queues; ++at)
    waiting += bus.statistics(queue("late", at)).subscriptions.at("late").backlog;
  if (waiting != scale.messages)
    throw Error(ErrorCode::internal,
                fmt::format("{} messages are there, {} were sent", waiting, scale.messages));
  const auto resident = own("RssAnon");
  auto consumer = bus.create_consumer<Raw>(queue("late", scale.queues - 1), "late");
  const auto asked = Clock::now();
  consumer.negative_acknowledge(consumer.receive(30s));
  std::cout << fmt::format(
                   "{{\"step\":\"{}\",\"messages\":{},\"size\":{},\"queues\":{},\"open_seconds\":{:.3f},"
                   "\"open_processor_seconds\":{:.3f},\"first_message_seconds\":{:.3f},\"index_kib\":{},"
                   "\"checkpoint_bytes\":{},{}}}\n",
                   step, waiting, scale.size, scale.queues, opened, used_to_open, seconds_since(asked),
                   resident - before, file_bytes(scale.store / "checkpoint"), footprint(scale))
            << std::flush;
}

/// Runs `work` in a process of its own, so that none inherits memory of another.
template <class Work>
void apart(Work work) {
  std::cout << std::flush;
  const auto child = ::fork();
  if (child < 0) throw Error(ErrorCode::internal, "cannot fork");
  if (child == 0) {
    try {
      work();
      std::_Exit(0);
    } catch (const std::exception& error) {
      std::cerr << "embedded_scale_benchmark: " << error.what() << '\n';
      std::_Exit(1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (status != 0 && !killed) throw Error(ErrorCode::internal, "a step failed");
}

int run_messages(const Scale& scale) {
  apart([&] { fill(scale); });
  apart([&] { measure(scale, "open after kill -9"); });
  apart([&] { measure(scale, "open after a close"); });
  forget_pages(scale.store);
  apart([&] { measure(scale, "open after a close, nothing cached"); });
  return 0;
}

/// A directory that goes with it.
class Temporary {
 public:
  Temporary() {
    auto pattern = (std::filesystem::temp_directory_path() / "omnibus-scale-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Error(ErrorCode::io, "cannot make a temporary directory");
    path_ = pattern;
  }
  ~Temporary() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  std::filesystem::path store() const { return path_ / "store"; }

 private:
  std::filesystem::path path_;
};

int run(int argc, char** argv) {
  Flags flags;
  flags.positional("what", "consumers or messages")
      .positional("directory", "where to make the store; a temporary one when not given", false)
      .integer("queues", "how many; consumers: each with an idle consumer", 10'000)
      .integer("active", "consumers: how many receive, on as many queues more", 1'000)
      .integer("messages", "how many in all; 0: 1,000,000 for consumers, 10,000,000 for messages", 0)
      .integer("size", "payload bytes", 100);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto settings =
      Settings::parse({.program = "embedded_scale_benchmark",
                       .summary = "What many queues, consumers and messages cost the embedded "
                                  "backend: one JSON object a step.",
                       .id = "scale",
                       .common = Settings::Common::none},
                      arguments, flags);
  const auto number = [&](const char* name) { return static_cast<std::size_t>(settings.integer(name)); };
  const bool consumers = settings.text("what") == "consumers";
  if (!consumers && settings.text("what") != "messages")
    throw ConfigError("it measures consumers or messages");
  for (const auto* name : {"queues", "active", "size"}) {
    if (settings.integer(name) < 1) throw ConfigError(std::string("--") + name + " takes 1 or more");
  }
  std::optional<Temporary> temporary;
  Scale scale{.store = settings.maybe("directory").value_or(""),
              .queues = number("queues"),
              .active = number("active"),
              .messages = number("messages"),
              .size = number("size")};
  if (scale.store.empty()) scale.store = temporary.emplace().store();
  if (scale.messages == 0) scale.messages = consumers ? 1'000'000 : 10'000'000;
  return consumers ? run_consumers(scale) : run_messages(scale);
}

}  // namespace
}  // namespace omnibus::benchmarks

int main(int argc, char** argv) {
  try {
    return omnibus::benchmarks::run(argc, argv);
  } catch (const omnibus::Settings::Exit& exit) {
    (exit.status == 0 ? std::cout : std::cerr) << exit.text;
    return exit.status;
  } catch (const omnibus::Error& error) {
    std::cerr << "embedded_scale_benchmark: " << error.what() << '\n';
    return error.code() == omnibus::ErrorCode::config ? 2 : 1;
  }
}
