// omnibus store: what an embedded store holds.

#include <omnibus/store.hpp>

#include <iostream>

#include <fmt/format.h>

#include "commands.hpp"
#include "store.hpp"
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

void refuse_surplus(const StoreRequest& request, const std::string& action, bool json) {
  if (request.queue)
    throw ConfigError("unexpected argument '" + *request.queue + "'",
                      "store " + action + " takes a path only");
  if (request.json && !json) throw ConfigError("--json has no meaning for store " + action);
}

}  // namespace

int list_store(const StoreRequest& request) {
  const auto store = read_store(request.path);
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

int run_store(const std::vector<std::string>& arguments) {
  Flags flags;
  flags
      .positional("action",
                  "ls: queues, subscriptions and segments; check: read all of it, tell what is damaged")
      .positional("path", "the store's directory")
      .flag("json", "check: one JSON object instead of text");
  const auto settings = Settings::parse(
      {.program = "omnibus store",
       .summary = "Looks inside an embedded store without changing it; others may go on using it.",
       .id = "store",
       .common = Settings::Common::none,
       .epilogue =
           "Examples:\n  omnibus store ls /var/lib/omnibus\n  omnibus store check /var/lib/omnibus\n\n" +
           exit_status_help({.failed = "the store is damaged or cannot be read, or the output not be written",
                             .unavailable = "the store refuses access"})},
      arguments, flags);
  const auto action = settings.text("action");
  const StoreRequest request{.path = settings.text("path"), .json = settings.flag("json")};
  if (action == "ls") {
    refuse_surplus(request, action, false);
    return list_store(request);
  }
  if (action == "check") return check_store(request);
  throw ConfigError("unknown action '" + action + "'", "known are ls, check");
}

}  // namespace omnibus::app
