#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include <omnibus/bus.hpp>

#include "services/knowledge/store.hpp"

namespace omnibus::knowledge {

/// Sends the cores of all loads in the store to their flows, as they were when the load was asked for, one
/// load after the other, and goes on where the last process ended. Every piece is confirmed by the broker
/// before it counts as sent; at most the pieces of one Store::read() come twice. A load that fails waits
/// while the others have their turn; a piece that no message can hold is left out, logged and counted.
/// Metrics: knowledge_loads, those not finished; knowledge_left_out_count{processor, flow}.
/// Threads: one of its own; the rest any.
class Loader {
 public:
  /// `id` is the processor, a metrics label. `retry`: between two attempts at what failed.
  Loader(Bus bus, std::string id, Store& store, Duration retry = std::chrono::seconds(5));
  ~Loader();

  void start();
  /// Looks for new loads.
  void wake();
  /// Finishes what it has begun to send, up to `timeout`; the rest goes on at the next start. Idempotent.
  void stop(Duration timeout) noexcept;

 private:
  class Run;
  void work(const std::stop_token& stop);
  /// Whether all of them are finished.
  bool load_all(const std::stop_token& stop);
  std::shared_ptr<Run> begin(const Load& load, const std::stop_token& stop);

  Bus bus_;
  const std::string id_;
  Store& store_;
  const Duration retry_;
  std::mutex mutex_;  // guards the two below
  bool woken_ = false;
  std::shared_ptr<Run> running_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace omnibus::knowledge
