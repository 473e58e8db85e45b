#pragma once

#include <string>

#include <omnibus/framework/flow.hpp>

namespace omnibus::http {

/// Observes how long its life was.
class Stopwatch {
 public:
  /// In seconds, under `<name>` with the labels `id` and `flow` = flow and consumer.
  Stopwatch(const framework::Context& context, const std::string& name, const std::string& help);
  ~Stopwatch() { histogram_.observe(std::chrono::duration<double>(Clock::now() - begin_).count()); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  Histogram& histogram_;
  const TimePoint begin_ = Clock::now();
};

}  // namespace omnibus::http
