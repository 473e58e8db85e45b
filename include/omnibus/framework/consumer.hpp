#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <omnibus/bus.hpp>
#include <omnibus/detail/export.hpp>
#include <omnibus/framework/work.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

struct ConsumerSettings {
  std::string id;  ///< processor, a metrics label
  std::string flow = "None";
  std::string name;
  QueueName queue;
  std::string subscription;
  int concurrency = 1;  ///< most handlers in flight at once
  Duration rate_limit_retry = std::chrono::seconds(10);
  Duration rate_limit_timeout = std::chrono::seconds(7200);  ///< then the message is negatively acknowledged
  Duration reconnect = std::chrono::seconds(5);  ///< between attempts to subscribe, or to settle a message
  /// Each message's outputs and its acknowledgement are one transaction: what the handler sends through
  /// `context.in->producer<T>(name)` or `producer.joined(context)` happens together with the acknowledgement,
  /// once, and not at all when the handler fails or asks to wait. A message that was taken over by somebody
  /// else meanwhile, or whose commit fails, leaves no outputs and comes again. Outside stay: RequestResponse,
  /// Publisher, omnibus::Producer, q0 queues, and everything that is not a message. The commit runs on the
  /// Bus's pool; `concurrency` bounds handlers and commits together. Holds for AsyncHandler too. Empty: as
  /// the processor's ProcessorOptions say, else off. Needs Feature::transactions.
  std::optional<bool> transactional = std::nullopt;
  ConsumerOptions options = {};
  std::weak_ptr<Flow> in = {};  ///< what Context::in becomes
  /// Called after each subscription, before the first message of it: at the start, and again when the
  /// subscription had to be renewed, so that something may have been missed. Threads: start()'s, or the pool.
  std::function<void()> subscribed = nullptr;
};

namespace detail {
/// The loop without the type.
class ConsumerLoop {
 public:
  using Run = std::function<void(Received&, const Context&, HandlerDone)>;
  ConsumerLoop(Bus bus, ConsumerSettings settings, const schema::Type& type, Decode decode, Run run);
  ~ConsumerLoop();
  ConsumerLoop(const ConsumerLoop&) = delete;
  ConsumerLoop& operator=(const ConsumerLoop&) = delete;

  void start();
  void drain() noexcept;
  CloseReport stop(Duration timeout) noexcept;
  bool running() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

template <Schema T>
ConsumerLoop::Run run_with(Handler<T> handler) {
  return [handler = std::move(handler)](Received& received, const Context& context, HandlerDone done) {
    handler(static_cast<ReceivedMessage<T>&>(received).message(), context);
    done(nullptr);
  };
}

template <Schema T>
ConsumerLoop::Run run_with(AsyncHandler<T> handler) {
  return [handler = std::move(handler)](Received& received, const Context& context, HandlerDone done) {
    handler(static_cast<ReceivedMessage<T>&>(received).message(), context, std::move(done));
  };
}
}  // namespace detail

/// Takes messages from one subscription and runs a handler for each: retry, rate limit, concurrency, metrics.
/// Subscribing is retried for ever; stop() keeps the subscription. An idle consumer costs no thread, nor does
/// one that waits for its rate limit.
/// Metrics: consumer_state, request_latency, processing_count{status}, rate_limit_count; transactional ones
/// transaction_count{status}: committed, aborted (the handler failed), refused and stale_ack (the commit
/// failed, nothing happened), unknown_outcome (the subscription was renewed: what did not happen comes
/// again). Threads: any for every call.
template <Schema T>
class Consumer {
 public:
  /// Errors: ConfigError when `concurrency` is below 1, or transactional is on and the backend has no
  /// transactions.
  Consumer(Bus bus, ConsumerSettings settings, Handler<T> handler)
      : loop_(std::move(bus), std::move(settings), schema::type_of<T>(), detail::decode<T>,
              detail::run_with<T>(std::move(handler))) {}
  Consumer(Bus bus, ConsumerSettings settings, AsyncHandler<T> handler)
      : loop_(std::move(bus), std::move(settings), schema::type_of<T>(), detail::decode<T>,
              detail::run_with<T>(std::move(handler))) {}

  /// Returns once subscribed, or when the first attempt failed and retrying goes on in the background.
  /// Errors: ClosedError after stop().
  void start() { loop_.start(); }

  /// Takes nothing more from now on; handlers go on. The first half of stop(), for stopping several at once.
  void drain() noexcept { loop_.drain(); }

  /// Takes nothing more, waits up to `timeout` for running handlers, acknowledges, closes; the subscription
  /// stays. Handlers still running then get their stop token; their messages are delivered again. Called from
  /// a handler of this consumer it returns at once and the rest follows when the handlers have ended.
  /// Idempotent; the destructor calls it.
  CloseReport stop(Duration timeout = std::chrono::seconds(10)) noexcept { return loop_.stop(timeout); }

  /// Subscribed and taking messages.
  bool running() const noexcept { return loop_.running(); }

 private:
  detail::ConsumerLoop loop_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
