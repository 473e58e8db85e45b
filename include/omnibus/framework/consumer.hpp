#pragma once

#include <memory>
#include <string>

#include <omnibus/bus.hpp>
#include <omnibus/framework/handler.hpp>

namespace omnibus::framework {

struct ConsumerSettings {
  std::string id;  ///< processor, a metrics label
  std::string flow = "None";
  std::string name;
  QueueName queue;
  std::string subscription;
  int concurrency = 1;
  Duration rate_limit_retry = std::chrono::seconds(10);
  Duration rate_limit_timeout = std::chrono::seconds(7200);  ///< then the message is negatively acknowledged
  Duration reconnect = std::chrono::seconds(5);              ///< between attempts to subscribe
  ConsumerOptions options = {};
  std::shared_ptr<Flow> in = nullptr;
};

namespace detail {
/// The loop without the type.
class ConsumerLoop {
 public:
  using Run = std::function<void(std::shared_ptr<omnibus::detail::ConsumerHandle>, omnibus::detail::Envelope,
                                 const Context&, HandlerDone)>;
  ConsumerLoop(Bus bus, ConsumerSettings settings, const schema::Type& type, Run run);
  ~ConsumerLoop();
  void start();
  void stop(Duration timeout);
  bool running() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};
}  // namespace detail

/// Takes messages from one subscription and runs a handler for each: retry, rate limit, concurrency, metrics.
/// Subscribing is retried for ever; stop() keeps the subscription.
/// Metrics: consumer_state, request_latency, processing_count{status}, rate_limit_count.
/// Threads: start and stop from one thread at a time.
template <Schema T>
class Consumer {
 public:
  Consumer(Bus bus, ConsumerSettings settings, Handler<T> handler);
  Consumer(Bus bus, ConsumerSettings settings, AsyncHandler<T> handler);

  /// Returns once subscribed, or when the first attempt failed and retrying goes on in the background.
  void start() { loop_.start(); }
  /// Takes nothing more, waits up to `timeout` for running handlers, acknowledges, closes.
  void stop(Duration timeout = std::chrono::seconds(10)) { loop_.stop(timeout); }
  /// Subscribed and taking messages.
  bool running() const noexcept { return loop_.running(); }

 private:
  detail::ConsumerLoop loop_;
};

}  // namespace omnibus::framework
