#pragma once

/// A config service for tests: answers `config`, pushes on request. Threads: any.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <omnibus/catalogue/config.hpp>

#include "framework/tests/support.hpp"

namespace omnibus::framework {

class FakeConfigService {
 public:
  explicit FakeConfigService(Bus bus)
      : push_(bus.create_producer<catalogue::ConfigPush>(QueueName::parse(catalogue::config_push_queue))),
        answers_(bus.create_producer<catalogue::ConfigResponse>(
            QueueName::parse(catalogue::config_response_queue))),
        requests_(bus,
                  {.id = "config-svc",
                   .name = "config-request",
                   .queue = QueueName::parse(catalogue::config_request_queue),
                   .subscription = "config-svc"},
                  Handler<catalogue::ConfigRequest>(
                      [this](const auto& message, const Context&) { answer(message); })) {}

  void serve() { requests_.start(); }
  /// A new version without a push.
  void put(std::int64_t version, Configuration values) {
    const std::lock_guard lock(mutex_);
    version_ = version;
    values_ = std::move(values);
  }
  /// A new version, pushed.
  void push(std::int64_t version, Configuration values) {
    put(version, values);
    push_.send({.version = version, .config = std::move(values)});
  }
  void refuse(bool value) { refuse_ = value; }
  int asked() const { return asked_; }

 private:
  void answer(const Message<catalogue::ConfigRequest>& message) {
    catalogue::ConfigResponse response;
    {
      const std::lock_guard lock(mutex_);
      response.version = version_;
      response.config = values_;
    }
    if (refuse_ || message->operation != "config") {
      response = {};
      response.error = catalogue::Error{.type = "config-error", .message = "not now"};
    }
    ++asked_;
    answers_.send(response, {.properties = {{"id", message.properties().value_or("id", "")}}});
  }

  mutable std::mutex mutex_;  // guards the two below
  std::int64_t version_ = 0;
  Configuration values_;
  std::atomic<bool> refuse_ = false;
  std::atomic<int> asked_ = 0;
  omnibus::Producer<catalogue::ConfigPush> push_;
  omnibus::Producer<catalogue::ConfigResponse> answers_;
  Consumer<catalogue::ConfigRequest> requests_;
};

inline Configuration active_flow(const std::string& id, const std::string& json) {
  return {{"active-flow", {{id, json}}}};
}

}  // namespace omnibus::framework
