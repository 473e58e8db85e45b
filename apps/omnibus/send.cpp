// omnibus send: JSON lines from standard input to a queue.

#include <atomic>
#include <iostream>
#include <mutex>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

SendOptions send_options(const Settings& settings) {
  SendOptions options;
  for (const auto& property : settings.list("property")) {
    const auto equals = property.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError("--property takes key=value, not '" + property + "'");
    }
    options.properties.set(property.substr(0, equals), property.substr(equals + 1));
  }
  options.key = settings.text("key");
  options.delay =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(settings.number("delay")));
  return options;
}

/// Sends line after line through the window. Stops at the first line that is not a message of the type.
class Sender {
 public:
  Sender(const Settings& settings, const schema::Type& type)
      : type_(type),
        options_(send_options(settings)),
        bus_(connect(settings)),
        producer_(bus_.create_producer(QueueName::parse(settings.text("queue")), type, {})) {
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
    std::cerr << "sent " << sent_ << (failed_ > 0 ? ", failed " + std::to_string(failed_) : "") << '\n';
    return bad_line_ ? exit_usage : failed_ > 0 ? exit_failed : exit_ok;
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
      std::cerr << "omnibus send: line " << number << ": " << error.what() << '\n';
      bad_line_ = error.code() == ErrorCode::decode || error.code() == ErrorCode::config;
      if (!bad_line_) ++failed_;
      return false;
    }
  }

  void settled(const Error* error, std::size_t number) {
    if (error == nullptr) {
      ++sent_;
      return;
    }
    ++failed_;
    const std::lock_guard lock(mutex_);
    std::cerr << "omnibus send: line " << number << ": " << error->what() << '\n';
  }

  const schema::Type& type_;
  schema::JsonOptions json_;
  SendOptions options_;
  std::atomic<std::size_t> sent_ = 0, failed_ = 0;
  bool bad_line_ = false;
  std::mutex mutex_;  // orders the lines on standard error
  Bus bus_;
  std::unique_ptr<detail::ProducerHandle>
      producer_;  // last: its close waits for completions that use the above
};

}  // namespace

int run_send(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("queue", "queue name, for example q1/tg/flow/chunks")
      .text("type", "message type of each line; raw: a JSON string of base64")
      .list("property", "key=value, may be given several times")
      .text("key", "orders and partitions the messages", "")
      .number("delay", "seconds before the messages are delivered", 0)
      .flag("lenient", "ignore keys that the type does not have");
  const auto settings = Settings::parse(
      {.program = "omnibus send",
       .summary = "Sends JSON lines from standard input to a queue; each line is one message.",
       .id = "send",
       .common = Settings::Common::bus,
       .epilogue = "Example:\n  echo '{\"type\":\"x\",\"message\":\"hi\"}' | omnibus send q1/tg/flow/notes "
                   "--type Error "
                   "--pubsub-url embedded:///var/lib/omnibus\n\nThe first line that is not a message of the "
                   "type ends "
                   "it; what was sent before stays sent.\n\n" +
                   exit_status_help("a message was refused or could not be sent")},
      arguments, flags);
  const auto type = settings.maybe("type");
  if (!type) throw ConfigError("send needs --type", "omnibus message types lists them");
  watch_signals();
  return Sender(settings, find_type(*type)).run();
}

}  // namespace omnibus::app
