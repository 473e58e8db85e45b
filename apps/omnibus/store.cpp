// omnibus store: what an embedded store holds.

#include <omnibus/store.hpp>

#include <iostream>

#include <fmt/format.h>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

void print_queues(const StoreContents& store) {
  std::cout << fmt::format("{:<48} {:>10} {:>14}  {}\n", "QUEUE", "MESSAGES", "BYTES",
                           "SUBSCRIPTIONS (backlog, in flight, redelivered)");
  for (const auto& [name, queue] : store.queues) {
    std::string subscriptions;
    for (const auto& [subscription, at] : queue.subscriptions) {
      subscriptions += fmt::format("{}{} ({}, {}, {})", subscriptions.empty() ? "" : "; ", subscription,
                                   at.backlog, at.in_flight, at.redelivered);
    }
    std::cout << fmt::format("{:<48} {:>10} {:>14}  {}\n", name, queue.depth, queue.bytes,
                             subscriptions.empty() ? "-" : subscriptions);
  }
}

int list(const std::string& path) {
  const auto store = read_store(path);
  std::uint64_t bytes = store.blob_bytes;
  for (const auto& segment : store.segments) bytes += segment.bytes;
  std::cout << fmt::format("store {}: {} segments, {} blobs, {} bytes on disk, {} queues\n\n", store.id,
                           store.segments.size(), store.blobs, bytes, store.queues.size());
  print_queues(store);
  std::cout << fmt::format("\n{:>8} {:>14} {:>14} {:>14}\n", "SEGMENT", "FIRST", "LAST", "BYTES");
  for (const auto& segment : store.segments) {
    std::cout << fmt::format("{:>8} {:>14} {:>14} {:>14}\n", segment.number, segment.first, segment.last,
                             segment.bytes);
  }
  return exit_ok;
}

}  // namespace

int run_store(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("action", "ls: queues, subscriptions and segments")
      .positional("path", "the store's directory");
  const auto settings = Settings::parse(
      {.program = "omnibus store",
       .summary = "Looks inside an embedded store without changing it; others may go on using it.",
       .id = "store",
       .common = Settings::Common::none,
       .epilogue = "Example:\n  omnibus store ls /var/lib/omnibus\n\n" +
                   exit_status_help({.failed = "the store cannot be read, or the output not be written",
                                     .unavailable = "the store refuses access"})},
      arguments, flags);
  if (settings.text("action") != "ls") {
    throw ConfigError("unknown action '" + settings.text("action") + "'", "omnibus store ls PATH");
  }
  return list(settings.text("path"));
}

}  // namespace omnibus::app
