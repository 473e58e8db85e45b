// omnibus store export: the messages of a store as JSON lines.

#include <unistd.h>

#include <iostream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <omnibus/base64.hpp>
#include <omnibus/store.hpp>

#include "json_text.hpp"
#include "progress.hpp"
#include "store.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

std::string time_text(SystemTime time) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (since_epoch - seconds).count());
}

std::string line_of(const StoreMessage& message) {
  std::string properties, waiting;
  for (const auto& [key, value] : message.properties)
    properties += (properties.empty() ? "" : ",") + json_quote(key) + ':' + json_quote(value);
  for (const auto& name : message.waiting) waiting += (waiting.empty() ? "" : ",") + json_quote(name);
  std::string line =
      fmt::format(R"({{"queue":{},"sequence":{},"time":"{}","key":{},"properties":{{{}}},"waiting":[{}],)",
                  json_quote(message.queue), message.sequence, time_text(message.time),
                  json_quote(message.key), properties, waiting);
  if (const auto body = json_in_one_line(message.body))
    line.append("\"body\":").append(*body);
  else
    line.append("\"base64\":\"").append(base64::encode(message.body)).append("\"");
  return line + "}\n";
}

StoreSelection selection_of(const StoreRequest& request) {
  StoreSelection selection;
  if (request.queue) selection.queue = QueueName::parse(*request.queue);
  selection.subscription = request.subscription.value_or("");
  return selection;
}

}  // namespace

int export_store(const StoreRequest& request) {
  const auto selection = selection_of(request);
  // On one screen lines and bar would be mixed up.
  std::optional<Progress> progress;
  if (::isatty(STDOUT_FILENO) == 0) progress.emplace("omnibus store export");
  const auto result = omnibus::export_store(
      request.path, selection,
      [](const StoreMessage& message) {
        if (!(std::cout << line_of(message))) flush_output();
      },
      [&progress](std::uint64_t done, std::uint64_t total) {
        if (progress) progress->show(done, total);
      });
  flush_output();
  if (progress) progress->finish();
  std::cerr << fmt::format("exported {}\n", result.messages);
  const auto lost = counted(result.lost_messages, "message", "messages") + " of its state could not be read";
  return verdict_on(request.path, result.damage.size(), lost, "omnibus store check tells more");
}

}  // namespace omnibus::app
