// omnibus store: what an embedded store holds; the other actions stand in files of their own.

#include <omnibus/store.hpp>

#include <algorithm>
#include <array>
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

struct Action {
  std::string_view name;
  int (*run)(const StoreRequest&);
  bool json = false, selects = false;  ///< what it takes besides the path
};

constexpr std::array actions{Action{"ls", &list_store}, Action{"check", &check_store, true},
                             Action{"compact", &compact_store}, Action{"export", &export_store, false, true}};

const Action& find_action(const std::string& name) {
  const auto found =
      std::find_if(actions.begin(), actions.end(), [&](const auto& action) { return action.name == name; });
  if (found != actions.end()) return *found;
  std::string known;
  for (const auto& action : actions) known.append(known.empty() ? "" : ", ").append(action.name);
  throw ConfigError("unknown action '" + name + "'", "known are " + known);
}

void refuse_surplus(const Action& action, const StoreRequest& request) {
  const std::string name(action.name);
  if (request.queue && !action.selects)
    throw ConfigError("unexpected argument '" + *request.queue + "'", "store " + name + " takes a path only");
  if (request.subscription && !action.selects)
    throw ConfigError("store " + name + " takes no --subscription");
  if (request.json && !action.json) throw ConfigError("store " + name + " takes no --json");
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

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

int verdict_on(const std::string& path, std::size_t places, const std::string& lost,
               const std::string& hint) {
  if (places == 0) return exit_ok;
  flush_output();
  throw Error(ErrorCode::corrupt,
              fmt::format("the store in {} is damaged: {} damaged, {}", path,
                          counted(places, "place is", "places are"), lost),
              {.hint = hint});
}

int run_store(const std::vector<std::string>& arguments) {
  Flags flags;
  flags
      .positional("action",
                  "ls: queues, subscriptions and segments; check: read all of it, tell what is damaged; "
                  "compact: make it smaller; export: the messages as JSON lines")
      .positional("path", "the store's directory")
      .positional("queue", "export: this queue only", false)
      .text("subscription", "export: only what this subscription still waits for")
      .flag("json", "check: one JSON object instead of text");
  const auto settings = Settings::parse(
      {.program = "omnibus store",
       .summary = "Looks inside an embedded store, or makes it smaller; others may go on using it.",
       .id = "store",
       .common = Settings::Common::none,
       .epilogue =
           "Examples:\n  omnibus store ls /var/lib/omnibus\n  omnibus store check /var/lib/omnibus\n"
           "  omnibus store compact /var/lib/omnibus\n"
           "  omnibus store export /var/lib/omnibus q1/tg/flow/notes > notes.jsonl\n\n" +
           exit_status_help({.failed = "the store is damaged or cannot be read, or the output not be written",
                             .unavailable = "the store refuses access"})},
      arguments, flags);
  const auto& action = find_action(settings.text("action"));
  const StoreRequest request{.path = settings.text("path"),
                             .queue = settings.maybe("queue"),
                             .subscription = settings.maybe("subscription"),
                             .json = settings.flag("json")};
  refuse_surplus(action, request);
  return action.run(request);
}

}  // namespace omnibus::app
