#pragma once

/// Drives the seam directly: a Sink that collects, a Host whose time is a number, and an engine on them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backends/embedded/backend.hpp"
#include "backends/embedded/engine.hpp"

namespace omnibus::embedded::test {

class CollectingSink final : public driver::Sink {
 public:
  void deliver(std::span<driver::Delivery> batch) noexcept override {
    const std::lock_guard lock(mutex_);
    for (auto& delivery : batch) all_.push_back(std::move(delivery));
    changed_.notify_all();  // under the lock: who waits may be the last to need this
  }
  void dropped(std::uint64_t count) noexcept override {
    const std::lock_guard lock(mutex_);
    dropped_ += count;
  }
  void failed(const Error& error) noexcept override {
    const std::lock_guard lock(mutex_);
    failures_.push_back(error);
    changed_.notify_all();
  }

  bool wait_for(std::size_t count, Duration timeout = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return all_.size() >= count; });
  }
  std::vector<driver::Delivery> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(all_, {});
  }
  std::vector<std::string> take_payloads() {
    std::vector<std::string> result;
    for (const auto& delivery : take()) result.emplace_back(delivery.body.bytes());
    return result;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }
  std::uint64_t dropped_count() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  std::vector<Error> failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<driver::Delivery> all_;
  std::uint64_t dropped_ = 0;
  std::vector<Error> failures_;
};

/// Timers run when the test calls run().
class ManualHost final : public driver::Host {
 public:
  std::uint64_t schedule(TimePoint, UniqueFunction<void()> work) override {
    const std::lock_guard lock(mutex_);
    work_[++last_] = std::move(work);
    return last_;
  }
  bool cancel(std::uint64_t token) noexcept override {
    const std::lock_guard lock(mutex_);
    return work_.erase(token) > 0;
  }
  std::size_t armed() const {
    const std::lock_guard lock(mutex_);
    return work_.size();
  }
  void run() {
    std::map<std::uint64_t, UniqueFunction<void()>> due;
    {
      const std::lock_guard lock(mutex_);
      due.swap(work_);
    }
    for (auto& [token, work] : due) work();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, UniqueFunction<void()>> work_;
  std::uint64_t last_ = 0;
};

inline QueueName queue(std::string name, Qos qos = Qos::at_least_once) { return topic(name, qos); }

inline driver::ConsumerConfig consumer_config(const QueueName& name, std::string subscription,
                                              ConsumerOptions options = {}) {
  return {name, std::move(subscription), std::move(options)};
}

/// An engine in memory whose clock stands until the test moves it, or moves by `step` whenever it is read.
class MemoryEngine : public ::testing::Test {
 protected:
  explicit MemoryEngine(Limits limits = {})
      : engine(std::make_shared<Engine>(make_memory_journal(),
                                        EngineOptions{limits, [this] { return now += step; }})) {
    engine->add_host(host);
  }
  ~MemoryEngine() override { engine->remove_host(host); }

  ProducerId producer(const QueueName& name, std::string text = "p", bool named = true) {
    return engine->open_producer({name, std::move(text), named, {}});
  }
  /// The error of the send, if any.
  std::optional<Error> send(ProducerId id, driver::Outgoing message) {
    std::promise<std::optional<Error>> result;  // a second completion would throw
    driver::SendRequest request{&message, [&](const Error* error) {
                                  result.set_value(error != nullptr ? std::optional(*error) : std::nullopt);
                                }};
    engine->publish(std::make_shared<Outlet>(id, best_effort), {&request, 1});
    return result.get_future().get();
  }
  std::optional<Error> send(ProducerId id, std::string payload) {
    driver::Outgoing message;
    message.payload = std::move(payload);
    return send(id, std::move(message));
  }
  PortPtr consumer(const QueueName& name, const std::string& subscription, driver::Sink& sink,
                   ConsumerOptions options = {}) {
    return engine->open_consumer(consumer_config(name, subscription, std::move(options)), sink);
  }
  std::optional<Error> acknowledge(const PortPtr& port, std::vector<driver::AckId> ids) {
    std::optional<Error> result;
    engine->acknowledge(port, ids, [&](const Error* error) {
      if (error != nullptr) result = *error;
    });
    return result;
  }
  std::optional<Error> give_back(const PortPtr& port, const driver::AckId& id, Duration delay) {
    std::optional<Error> result;
    engine->give_back(port, {&id, 1}, delay, [&](const Error* error) {
      if (error != nullptr) result = *error;
    });
    return result;
  }
  void close(const PortPtr& port) {
    bool closed = false;
    engine->close(port, [&](const Error*) { closed = true; });
    EXPECT_TRUE(closed);
  }
  void advance(Millis by) {
    now += by;
    host.run();
  }

  Millis now = 1'000'000;
  Millis step = 0;
  ManualHost host;
  bool best_effort = false;
  std::shared_ptr<Engine> engine;
};

}  // namespace omnibus::embedded::test
