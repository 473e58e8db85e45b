// omnibus-demo: loads documents, watches the chunks arrive, counts what was lost or doubled.

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>

#include <unistd.h>

#include <omnibus/catalogue/document.hpp>
#include <omnibus/omnibus.hpp>

#include "apps/demo/documents.hpp"
#include "apps/demo/load.hpp"
#include "apps/demo/tally.hpp"
#include "services/chunker/split.hpp"

namespace omnibus::demo {
namespace {

using namespace std::chrono_literals;
using catalogue::Chunk;

constexpr std::size_t first_printed = 5;  ///< chunks printed in full, then
constexpr std::size_t print_every = 250;  ///< each so many
constexpr auto settle = 1500ms;           ///< silence after the last chunk, for duplicates to show
constexpr const char* clear_line = "\r\033[K";
constexpr auto progress_every = 500ms;

std::string one_line(std::string_view text) {
  constexpr std::size_t width = 60;
  std::string out;
  for (const char c : text.substr(0, width)) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0)
    out.pop_back();  // a cut character
  return out + (text.size() > width ? "…" : "");
}

/// What the command line asks for.
struct Plan {
  std::string gateway, flow, notify;
  QueueName input, output;
  std::string reader;
  chunker::Limits limits;
  Duration patience;
};

/// Tells the script, once, that half of the chunks are there.
void notify(const std::string& file) {
  if (!file.empty()) std::ofstream(file) << "half\n" << std::flush;
}

/// Receives until told to stop, or until `patience` passes in silence.
class Watcher {
 public:
  Watcher(Bus& bus, const Plan& plan, Tally& tally)
      : plan_(plan),
        tally_(tally),
        half_(tally.missing() / 2),
        consumer_(bus.create_consumer<Chunk>(plan.output, "")) {}

  void run() noexcept {
    try {
      watch();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  /// Throws what ended run() early. After run().
  void check() const {
    if (failure_) std::rethrow_exception(failure_);
  }
  /// No more documents come.
  void all_loaded() noexcept { loaded_ = true; }
  void abandon() noexcept { abandoned_ = true; }

 private:
  void watch() {
    auto heard = Clock::now();
    while (!done(heard)) {
      auto message = consumer_.poll(50ms);
      progress();
      if (!message) continue;
      heard = Clock::now();
      take(*message, heard);
      consumer_.acknowledge_async(*message);
    }
    progress(true);
  }
  bool done(TimePoint heard) const {
    const auto silence = Clock::now() - heard;
    if (abandoned_ || silence >= plan_.patience) return true;
    return loaded_ && tally_.missing() == 0 && silence >= settle;
  }

  void take(const Message<Chunk>& message, TimePoint when) {
    const std::string document = message->metadata ? message->metadata->id : std::string{};
    tally_.arrived(document, message->chunk, when);
    if (taken_ < first_printed || taken_ % print_every == 0) {
      if (terminal_) std::cerr << clear_line << std::flush;
      std::cout << "chunk " << taken_ + 1 << "  " << document << "  " << message->chunk.size() << " bytes  \""
                << one_line(message->chunk) << "\"" << std::endl;
    }
    ++taken_;
    if (!notified_ && tally_.missing() <= half_) {
      notified_ = true;
      notify(plan_.notify);
    }
  }

  void progress(bool last = false) {
    if (!last && Clock::now() < next_progress_) return;
    next_progress_ = Clock::now() + progress_every;
    const auto report = tally_.report();
    auto line = "documents loaded " + std::to_string(report.documents) + ", chunks " +
                std::to_string(report.expected - report.lost) + " of " + std::to_string(report.expected);
    if (line == shown_) return;
    shown_ = std::move(line);
    std::cerr << (terminal_ ? clear_line : "") << shown_ << (terminal_ && !last ? "" : "\n") << std::flush;
  }

  const Plan& plan_;
  Tally& tally_;
  const std::size_t half_;
  omnibus::Consumer<Chunk> consumer_;
  std::atomic<bool> loaded_ = false, abandoned_ = false;
  std::size_t taken_ = 0;
  bool notified_ = false;
  std::exception_ptr failure_;
  const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
  std::string shown_;  ///< the last progress line
  TimePoint next_progress_ = Clock::now();
};

bool is_read(Bus& bus, const Plan& plan) {
  try {
    const auto statistics = bus.statistics(plan.input);
    const auto found = statistics.subscriptions.find(plan.reader);
    return found != statistics.subscriptions.end() && found->second.consumers > 0;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return false;  // nobody has used the queue yet
    throw;
  }
}

/// A new subscription sees only what is sent after it; so the chunker must be there before the first
/// document.
void await_reader(Bus& bus, const Plan& plan) {
  if (plan.reader.empty()) return;
  const auto deadline = deadline_after(plan.patience);
  for (;;) {
    if (is_read(bus, plan)) return;
    if (Clock::now() >= deadline) {
      throw Error(ErrorCode::unavailable, "nobody reads " + plan.input.str() + " as " + plan.reader);
    }
    std::this_thread::sleep_for(20ms);
  }
}

double milliseconds(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

void print_table(const Tally::Report& report, std::size_t bytes) {
  const auto seconds = std::chrono::duration<double>(report.elapsed).count();
  const auto rate = seconds > 0 ? static_cast<double>(report.documents + report.arrived) / seconds : 0;
  std::printf(
      "\n  documents          %12zu\n  chunks             %12zu\n  bytes              %12zu\n"
      "  messages/s         %12.0f\n  p50 load to chunk  %9.1f ms\n  p99 load to chunk  %9.1f ms\n"
      "  lost               %12zu\n  duplicated         %12zu\n",
      report.documents, report.expected - report.lost, bytes, rate, milliseconds(report.p50),
      milliseconds(report.p99), report.lost, report.duplicated);
  if (report.foreign > 0) std::printf("  not of these       %12zu\n", report.foreign);
  std::fflush(stdout);
}

/// Where what is missing may wait.
void print_waiting(Bus& bus, const QueueName& queue) {
  try {
    const auto statistics = bus.statistics(queue);
    std::cerr << queue.str() << ": " << statistics.depth << " messages kept\n";
    for (const auto& [name, of] : statistics.subscriptions) {
      std::cerr << "  " << name << ": " << of.backlog << " not acknowledged, " << of.in_flight
                << " delivered, " << of.redelivered << " delivered again, " << of.consumers << " consumers\n";
    }
  } catch (const Error& error) {
    std::cerr << queue.str() << ": " << error.what() << '\n';
  }
}

int run(const Plan& plan, Bus bus, const std::vector<Document>& documents) {
  Tally tally;
  std::size_t bytes = 0;
  for (const auto& document : documents) {
    tally.expect(document.id, chunker::split_recursive(*document.text, plan.limits));
    bytes += document.text->size();
  }
  Watcher watcher(bus, plan, tally);
  await_reader(bus, plan);
  Loader loader(plan.gateway, plan.flow);
  std::jthread watching([&] { watcher.run(); });
  try {
    for (const auto& document : documents) {
      tally.loaded(document.id, Clock::now());
      loader.load(document);
    }
  } catch (...) {
    watcher.abandon();
    throw;
  }
  watcher.all_loaded();
  watching.join();
  watcher.check();
  const auto report = tally.report();
  print_table(report, bytes);
  if (report.lost > 0) {
    print_waiting(bus, plan.input);
    print_waiting(bus, plan.output);
  }
  return report.lost == 0 && report.foreign == 0 ? 0 : 1;
}

std::size_t count(const Settings& settings, std::string_view flag) {
  const auto value = settings.integer(flag);
  if (value < 0) throw ConfigError("--" + std::string(flag) + " takes 0 or more");
  return static_cast<std::size_t>(value);
}

int main_of(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.text("gateway", "the gateway's HTTP address", "http://localhost:8088")
      .text("flow", "the flow to load into", "demo")
      .text("input", "the queue that the flow's chunker reads", "q1/tg/flow/text-load:demo")
      .text("reader", "the subscription to wait for on it; empty: do not wait", "chunker--demo--input")
      .text("output", "the queue that chunks come to", "q1/tg/flow/chunk:demo")
      .integer("chunk-size", "as the flow's chunker has it", 2000)
      .integer("chunk-overlap", "as the flow's chunker has it", 100)
      .integer("rounds", "load each document so many times", 1)
      .duration("patience", "give up after so long without a chunk", "30s")
      .text("notify", "file that gets the line 'half' when half of the chunks are there", "")
      .positional("path", "files and folders to load", true, true);
  const auto settings =
      Settings::parse({.program = "omnibus-demo",
                       .summary = "Loads documents into a flow and counts the chunks that come out.",
                       .id = "demo",
                       .common = Settings::Common::bus,
                       .epilogue = "Exit status: 0 every chunk came, 1 something was lost or "
                                   "failed, 2 wrong usage\n"},
                      arguments, flags);
  const Plan plan{.gateway = settings.text("gateway"),
                  .flow = settings.text("flow"),
                  .notify = settings.text("notify"),
                  .input = QueueName::parse(settings.text("input")),
                  .output = QueueName::parse(settings.text("output")),
                  .reader = settings.text("reader"),
                  .limits = {count(settings, "chunk-size"), count(settings, "chunk-overlap")},
                  .patience = settings.duration("patience")};
  chunker::validate(plan.limits);
  return run(plan, connect(settings), read_documents(settings.list("path"), count(settings, "rounds")));
}

}  // namespace
}  // namespace omnibus::demo

int main(int argc, char** argv) {
  try {
    return omnibus::demo::main_of({argv + 1, argv + argc});
  } catch (const omnibus::Settings::Exit& exit) {
    (exit.status == 0 ? std::cout : std::cerr) << exit.text;
    return exit.status;
  } catch (const omnibus::ConfigError& error) {
    std::cerr << "omnibus-demo: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "omnibus-demo: " << error.what() << '\n';
    return 1;
  }
}
