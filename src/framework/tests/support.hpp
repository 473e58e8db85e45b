#pragma once

/// What the framework's tests share.

#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <omnibus/framework/framework.hpp>
#include <omnibus/omnibus.hpp>

#include "core/tests/eventually.hpp"
#include "core/tests/fake_backend.hpp"
#include "core/tests/thrown.hpp"

namespace omnibus::framework {

using namespace std::chrono_literals;

struct Note {
  std::string text = {};
  int number = 0;
};

/// What handlers saw, in order. Threads: any.
class Seen {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(text));
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  std::size_t count() const { return all().size(); }
  bool reaches(std::size_t expected) const {
    return eventually([&] { return count() >= expected; });
  }

 private:
  mutable std::mutex mutex_;  // guards all_
  std::vector<std::string> all_;
};

/// A gate that handlers wait at. Opens for all at destruction, so that a failed test ends.
class Gate {
 public:
  ~Gate() { open(); }
  void open() {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(open_, true)) promise_.set_value();
  }
  void wait() const { future_.wait(); }

 private:
  std::mutex mutex_;  // guards open_
  bool open_ = false;
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

inline double counted(const Bus& bus, std::string_view name, const Labels& labels) {
  return bus.metrics().counter(name, "", labels).value();
}

inline Labels labelled(const std::string& id, const std::string& flow, const std::string& name) {
  return {{"processor", id}, {"flow", flow}, {"name", name}};
}

inline double counted(const Bus& bus, std::string_view name, Labels labels, const char* status) {
  labels["status"] = status;
  return counted(bus, name, labels);
}

inline ConsumerOptions quick_redelivery() {
  ConsumerOptions options;
  options.redelivery = {.initial = 1ms, .maximum = 2ms};
  return options;
}

/// Of `queue`, with pauses that a test need not wait for.
inline ConsumerSettings quick_consumer(const QueueName& queue) {
  ConsumerSettings settings;
  settings.id = "p";
  settings.name = "in";
  settings.queue = queue;
  settings.subscription = "s";
  settings.options = quick_redelivery();
  settings.rate_limit_retry = 1ms;
  settings.reconnect = 1ms;
  return settings;
}

}  // namespace omnibus::framework
