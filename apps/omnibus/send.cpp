// omnibus send: JSON lines from standard input to a queue.

#include <iostream>
#include <mutex>
#include <optional>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

SendOptions send_options(const Settings& settings) {
  SendOptions options;
  for (const auto& [key, value] : pairs_of(settings, "property")) options.properties.set(key, value);
  options.key = settings.text("key");
  options.delay = settings.duration("delay");
  return options;
}

/// Sends line after line through the window. Stops at the first line that is not a message of the type, and
/// tells the first failure, with the counts, in one line at the end.
class Sender {
 public:
  Sender(const Settings& settings, const schema::Type& type)
      : type_(type),
        options_(send_options(settings)),
        bus_(connect(settings)),
        producer_(bus_.create_producer(QueueName::parse(settings.text("queue")), type,
                                       {.extra = pairs_of(settings, "option")})) {
    json_.nulls = settings.bus.nulls;
    json_.reject_unknown = !settings.flag("lenient");
  }

  int run() {
    std::size_t number = 0;
    for (std::string line; !interrupted() && std::getline(std::cin, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (!send(line, number)) break;
    }
    producer_->close(std::chrono::seconds(30));
    const std::lock_guard lock(mutex_);
    auto counts = "sent " + std::to_string(sent_);
    if (failed_ > 0) counts += ", failed " + std::to_string(failed_);
    if (!failure_) {
      std::cerr << counts + '\n';
      return exit_ok;
    }
    complain("omnibus send",
             "line " + std::to_string(failed_line_) + ": " + failure_->what() + "; " + counts);
    return failure_->code() == ErrorCode::decode ? exit_usage : exit_status(*failure_);
  }

 private:
  bool send(const std::string& line, std::size_t number) {
    try {
      Value value(type_);
      value.parse(line, json_);
      producer_->send_async(value.get(), options_,
                            [this, number](const Error* error) { settled(error, number); });
      return true;
    } catch (const Error& error) {
      settled(&error, number);
      return false;
    }
  }

  void settled(const Error* error, std::size_t number) {
    const std::lock_guard lock(mutex_);
    if (error == nullptr) {
      ++sent_;
      return;
    }
    ++failed_;
    if (failure_ && failed_line_ < number) return;
    failure_ = *error;
    failed_line_ = number;
  }

  const schema::Type& type_;
  schema::JsonOptions json_;
  SendOptions options_;
  std::mutex mutex_;  // guards the four below
  std::size_t sent_ = 0, failed_ = 0, failed_line_ = 0;
  std::optional<Error> failure_;  // of the first line that failed
  Bus bus_;
  std::unique_ptr<detail::ProducerHandle>
      producer_;  // last: its close waits for completions that use the above
};

}  // namespace

int run_send(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("queue", "queue name, for example q1/tg/flow/notes")
      .text("type", "message type of each line; raw: a JSON string of base64")
      .list("property", "key=value, may be given several times")
      .list("option", "option of the backend's producer, key=value, may be given several times")
      .text("key", "orders and partitions the messages", "")
      .duration("delay", "how long before the messages are delivered", "0")
      .flag("lenient", "ignore keys that the type does not have");
  const auto settings = Settings::parse(
      {.program = "omnibus send",
       .summary = "Sends JSON lines from standard input to a queue; each line is one message.",
       .id = "send",
       .common = Settings::Common::bus,
       .epilogue = "Example:\n  echo '{\"type\":\"x\",\"message\":\"hi\"}' | omnibus send q1/tg/flow/notes "
                   "--type Error "
                   "--pubsub-url embedded:///tmp/store\n\nThe first line that is not a message of the "
                   "type ends "
                   "it; what was sent before stays sent.\n\n" +
                   exit_status_help({.failed = "a message was refused or could not be sent",
                                     .usage = "wrong usage, configuration or input"})},
      arguments, flags);
  const auto type = settings.maybe("type");
  if (!type) throw ConfigError("send needs --type", "omnibus message types lists them");
  settings.apply_log();
  watch_signals();
  return Sender(settings, find_type(*type)).run();
}

}  // namespace omnibus::app
