#pragma once

/// A config and flow service, and others, that the test scripts, on the real queues.

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <omnibus/omnibus.hpp>

namespace omnibus::gateway {

/// One message on a queue, its payload parsed.
struct QueueMessage {
  std::string queue;
  boost::json::value payload;
};

/// Answers requests for the configuration from what was pushed last, and every other request with the answers
/// that the test lined up.
class FakeServices {
 public:
  explicit FakeServices(Bus bus, const boost::json::value& initial = {{"version", 0},
                                                                      {"config", boost::json::object()}})
      : version_(initial.at("version")),
        configuration_(initial.at("config")),
        push_(bus.create_producer<Raw>(QueueName::parse("q2/tg/config/config"))),
        bus_(std::move(bus)) {
    serve("config");
    serve("flow");
  }

  /// Publishes a whole configuration: {"version", "config"}.
  void push(const boost::json::value& push) {
    {
      const std::lock_guard lock(mutex_);
      version_ = push.at("version");
      configuration_ = push.at("config");
    }
    push_.send({boost::json::serialize(push)});
  }
  static boost::json::value with_flow(int version, const std::string& flow, const std::string& definition) {
    return {{"version", version}, {"config", {{"flow", {{flow, definition}}}}}};
  }
  /// Also answers on these queues: "text-completion:demo".
  void serve(const std::string& name) { queues_.push_back(std::make_unique<Queue>(bus_, name, *this)); }
  /// The next request that is not for the whole configuration gets these, after these pushes.
  void line_up_all(std::vector<boost::json::value> pushes, std::vector<boost::json::value> responses) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({std::move(pushes), std::move(responses)});
  }
  void line_up(std::vector<boost::json::value> pushes, boost::json::value response) {
    line_up_all(std::move(pushes), std::vector<boost::json::value>{std::move(response)});
  }
  /// Everything seen since the last call, requests and answers.
  std::vector<QueueMessage> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(traffic_, {});
  }

 private:
  struct Lined {
    std::vector<boost::json::value> pushes;
    std::vector<boost::json::value> responses;
  };

  /// Serves one pair of queues on a thread of its own.
  class Queue {
   public:
    Queue(Bus bus, const std::string& name, FakeServices& services)
        : request_("q0/tg/request/" + name),
          response_("q0/tg/response/" + name),
          consumer_(bus.create_consumer<Raw>(QueueName::parse(request_), "fake")),
          producer_(bus.create_producer<Raw>(QueueName::parse(response_))),
          services_(services),
          thread_([this](const std::stop_token& stop) { run(stop); }) {}

   private:
    void run(const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        try {
          serve_one();
        } catch (const Error&) {  // the broker is away: the request comes again
        }
      }
    }
    void serve_one() {
      const auto message = consumer_.poll(std::chrono::milliseconds(50));
      if (!message) return;
      const auto id = message->properties().value_or("id", "");
      for (const auto& each :
           services_.answers(request_, response_, boost::json::parse(message->value().bytes))) {
        producer_.send({boost::json::serialize(each)}, {.properties = {{"id", id}}});
      }
      consumer_.acknowledge(*message);
    }

    const std::string request_, response_;
    Consumer<Raw> consumer_;
    Producer<Raw> producer_;
    FakeServices& services_;
    std::jthread thread_;
  };

  std::vector<boost::json::value> answers(const std::string& request, const std::string& response,
                                          const boost::json::value& body) {
    Lined lined;
    {
      const std::lock_guard lock(mutex_);
      traffic_.push_back({request, body});
      const auto* operation = body.as_object().if_contains("operation");
      if (operation != nullptr && *operation == "config") {
        lined.responses.push_back({{"version", version_},
                                   {"values", boost::json::array()},
                                   {"directory", boost::json::array()},
                                   {"config", configuration_},
                                   {"error", nullptr}});
      } else if (!answers_.empty()) {
        lined = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    for (const auto& each : lined.pushes) push(each);
    const std::lock_guard lock(mutex_);
    for (const auto& each : lined.responses) traffic_.push_back({response, each});
    return lined.responses;
  }

  std::mutex mutex_;  // guards what follows
  boost::json::value version_;
  boost::json::value configuration_;
  std::deque<Lined> answers_;
  std::vector<QueueMessage> traffic_;

  Producer<Raw> push_;
  Bus bus_;
  std::vector<std::unique_ptr<Queue>> queues_;
};

}  // namespace omnibus::gateway
