// omnibus send: JSON lines from standard input to a queue.

#include <condition_variable>
#include <iostream>
#include <mutex>

#include "commands.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

SendOptions send_options(const Settings& settings) {
  SendOptions options;
  for (const auto& [key, value] : pairs_of(settings, "property")) options.properties.set(key, value);
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
    wait_for_outcomes();
    std::cerr << "sent " << sent_ << (failed_ > 0 ? ", failed " + std::to_string(failed_) : "") << '\n';
    return bad_line_ ? exit_usage : failed_ > 0 ? exit_failed : exit_ok;
  }

 private:
  bool send(const std::string& line, std::size_t number) {
    try {
      Value value(type_);
      value.parse(line, json_);
      begin();
      try {
        producer_->send_async(value.get(), options_,
                              [this, number](const Error* error) { settled(error, number); });
      } catch (...) {
        end();
        throw;
      }
      return true;
    } catch (const Error& error) {
      std::cerr << "omnibus send: line " << number << ": " << error.what() << '\n';
      bad_line_ = error.code() == ErrorCode::decode || error.code() == ErrorCode::config;
      if (!bad_line_) {
        const std::lock_guard lock(mutex_);
        ++failed_;
      }
      return false;
    }
  }

  void begin() {
    const std::lock_guard lock(mutex_);
    ++outstanding_;
  }

  void end() {
    const std::lock_guard lock(mutex_);
    --outstanding_;
    changed_.notify_all();
  }

  void settled(const Error* error, std::size_t number) {
    const std::lock_guard lock(mutex_);
    if (error == nullptr) {
      ++sent_;
    } else {
      ++failed_;
      std::cerr << "omnibus send: line " << number << ": " << error->what() << '\n';
    }
    --outstanding_;
    changed_.notify_all();
  }

  /// A closed producer has decided on every message, but what it decided is told on the Bus's pool, perhaps
  /// later.
  void wait_for_outcomes() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return outstanding_ == 0; });
  }

  const schema::Type& type_;
  schema::JsonOptions json_;
  SendOptions options_;
  bool bad_line_ = false;
  std::mutex mutex_;  // guards what follows and orders the lines on standard error
  std::size_t sent_ = 0, failed_ = 0, outstanding_ = 0;
  std::condition_variable changed_;
  Bus bus_;
  std::unique_ptr<detail::ProducerHandle> producer_;
};

}  // namespace

int run_send(const std::vector<std::string>& arguments) {
  Flags flags;
  flags.positional("queue", "queue name, for example q1/tg/flow/chunks")
      .text("type", "message type of each line; raw: a JSON string of base64")
      .list("property", "key=value, may be given several times")
      .list("option", "option of the backend's producer, key=value, may be given several times")
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
