#pragma once

/// A config and flow service that the test scripts, on the real queues.

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <omnibus/omnibus.hpp>

namespace omnibus::gateway {

/// One message on a queue, its payload parsed.
struct Traffic {
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
        config_(bus, "config", *this),
        flow_(bus, "flow", *this) {}

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
  /// The next request that is not for the whole configuration gets this, after these pushes.
  void line_up(std::vector<boost::json::value> pushes, boost::json::value response) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({std::move(pushes), std::move(response)});
  }
  /// Everything seen since the last call, requests and answers.
  std::vector<Traffic> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(traffic_, {});
  }

 private:
  struct Lined {
    std::vector<boost::json::value> pushes;
    boost::json::value response;
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
        const auto message = consumer_.poll(std::chrono::milliseconds(50));
        if (!message) continue;
        const auto answer = services_.answer(request_, response_, boost::json::parse(message->value().bytes));
        if (!answer.is_null()) {
          producer_.send({boost::json::serialize(answer)},
                         {.properties = {{"id", message->properties().value_or("id", "")}}});
        }
        consumer_.acknowledge(*message);
      }
    }

    const std::string request_, response_;
    Consumer<Raw> consumer_;
    Producer<Raw> producer_;
    FakeServices& services_;
    std::jthread thread_;
  };

  boost::json::value answer(const std::string& request, const std::string& response,
                            const boost::json::value& body) {
    Lined lined;
    {
      const std::lock_guard lock(mutex_);
      traffic_.push_back({request, body});
      if (body.at("operation") == "config") {
        lined.response = {{"version", version_},
                          {"values", boost::json::array()},
                          {"directory", boost::json::array()},
                          {"config", configuration_},
                          {"error", nullptr}};
      } else if (!answers_.empty()) {
        lined = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    for (const auto& each : lined.pushes) push(each);
    const std::lock_guard lock(mutex_);
    if (!lined.response.is_null()) traffic_.push_back({response, lined.response});
    return lined.response;
  }

  std::mutex mutex_;  // guards what follows
  boost::json::value version_;
  boost::json::value configuration_;
  std::deque<Lined> answers_;
  std::vector<Traffic> traffic_;

  Producer<Raw> push_;
  Queue config_, flow_;
};

}  // namespace omnibus::gateway
