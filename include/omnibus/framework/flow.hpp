#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include <omnibus/detail/export.hpp>
#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/processor_options.hpp>
#include <omnibus/framework/producer.hpp>
#include <omnibus/framework/request_response.hpp>
#include <omnibus/framework/subscriber.hpp>
#include <omnibus/framework/transaction_scope.hpp>
#include <omnibus/framework/unique_id.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// What a flow's definition gives a processor: queue names and parameter values by name.
using FlowDefinition = std::map<std::string, std::string>;

/// One thing that a spec built: started with its flow, stopped with it.
/// Threads: start, drain, stop from one thread at a time.
class FlowPart {
 public:
  virtual ~FlowPart() = default;
  virtual void start() {}
  virtual void drain() noexcept {}
  virtual CloseReport stop(Duration timeout) noexcept = 0;
  /// The same part for a handler whose outputs belong to `transaction`; null: that handler uses this one.
  virtual std::unique_ptr<FlowPart> joined(const std::shared_ptr<detail::TransactionScope>& transaction) {
    (void)transaction;
    return nullptr;
  }
};

namespace detail {
/// A part around an object of the framework.
template <class Object>
class OwnedPart final : public FlowPart {
 public:
  template <class... Args>
  explicit OwnedPart(Args&&... args) : object(std::forward<Args>(args)...) {}
  void start() override {
    if constexpr (requires { object.start(); }) object.start();
  }
  void drain() noexcept override {
    if constexpr (requires { object.drain(); }) object.drain();
  }
  CloseReport stop(Duration timeout) noexcept override { return object.stop(timeout); }
  std::unique_ptr<FlowPart> joined(const std::shared_ptr<TransactionScope>& transaction) override {
    if constexpr (std::is_constructible_v<Object, const Object&, const std::shared_ptr<TransactionScope>&>) {
      return std::make_unique<OwnedPart>(std::as_const(object), transaction);
    } else {
      return FlowPart::joined(transaction);
    }
  }

  Object object;
};
}  // namespace detail

/// One running flow of one processor: what its specs built. Alive while handlers use it.
/// Threads: any, once built.
class Flow : public std::enable_shared_from_this<Flow> {
 public:
  /// Made by FlowProcessor, and by tests of specs.
  Flow(Bus bus, std::string processor, std::string id, FlowDefinition definition,
       ProcessorOptions options = {});
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  const std::string& id() const noexcept;
  const FlowDefinition& definition() const noexcept;

  /// Errors: Error{not_found} naming the spec when no producer of that name and type exists.
  template <Schema T>
  framework::Producer<T>& producer(std::string_view name) {
    return find<framework::Producer<T>>("producer", name);
  }
  template <Schema Request, Schema Response>
  RequestResponse<Request, Response>& client(std::string_view request_name) {
    return find<RequestResponse<Request, Response>>("client", request_name);
  }
  template <Schema T>
  Subscriber<T>& subscriber(std::string_view name) {
    return find<Subscriber<T>>("subscriber", name);
  }
  /// Empty when no ParameterSpec has that name, or the definition has none.
  std::optional<std::string> parameter(std::string_view name) const;

  // For specs.

  Bus& bus() noexcept;
  /// The processor's id.
  const std::string& processor() const noexcept;
  /// The processor's options.
  const ProcessorOptions& options() const noexcept;
  /// Errors: ConfigError naming flow and key when the definition lacks it, or it is not a queue name.
  QueueName queue(std::string_view key) const;
  void add_parameter(std::string name);
  /// Parts that receive for handlers start last and stop first.
  enum class Order : std::uint8_t { tool, receiver };
  void add_part(std::string name, std::type_index type, Order order, std::unique_ptr<FlowPart> part);
  /// Makes an Object of the arguments and keeps it under the name.
  template <class Object, class... Args>
  // NOLINTNEXTLINE(performance-unnecessary-value-param): moved, which the check does not see in a template
  Object& emplace(std::string name, Order order, Args&&... args) {
    auto part = std::make_unique<detail::OwnedPart<Object>>(std::forward<Args>(args)...);
    auto& object = part->object;
    add_part(std::move(name), typeid(Object), order, std::move(part));
    return object;
  }

  // For the owner.

  /// Starts every part. Errors: the first failure, after stopping what had started.
  void start();
  /// Receivers take nothing more; handlers go on.
  void drain() noexcept;
  /// Stops receivers, then the rest; subscriptions stay. Idempotent.
  CloseReport stop(Duration timeout) noexcept;
  /// The same flow as one call of a handler sees it: its producers have joined `transaction`.
  std::shared_ptr<Flow> joined(std::shared_ptr<detail::TransactionScope> transaction) const;

 private:
  template <class Object>
  Object& find(const char* what, std::string_view name) {
    return static_cast<detail::OwnedPart<Object>&>(find(what, name, typeid(Object))).object;
  }
  FlowPart& find(const char* what, std::string_view name, std::type_index type);

  struct Impl;
  struct Joined;
  Flow(std::shared_ptr<Impl> impl, std::unique_ptr<Joined> joined);

  const std::shared_ptr<Impl> impl_;
  const std::unique_ptr<Joined> joined_;  // null: the flow itself
};

/// Builds one part of a flow. Errors: ConfigError when the definition lacks the spec's queue.
/// Threads: build from one thread at a time; the same spec builds for every flow.
class Spec {
 public:
  virtual ~Spec() = default;
  virtual void build(Flow& flow) = 0;
  /// Called before any flow exists. Errors: ConfigError when the Bus cannot do what the spec asks for.
  virtual void check(const Bus& bus, const ProcessorOptions& options) const { (void)bus, (void)options; }
};

/// Subscription `<id>--<flow>--<name>`, position latest.
template <Schema T>
class ConsumerSpec : public Spec {
 public:
  ConsumerSpec(std::string name, Handler<T> handler, int concurrency = 1)
      : ConsumerSpec(settings(std::move(name), concurrency), std::move(handler)) {}
  ConsumerSpec(std::string name, AsyncHandler<T> handler, int concurrency = 1)
      : ConsumerSpec(settings(std::move(name), concurrency), std::move(handler)) {}
  /// With times and consumer options; id, flow, queue, subscription and `in` are filled in per flow.
  ConsumerSpec(ConsumerSettings settings, Handler<T> handler)
      : settings_(std::move(settings)), handler_(std::move(handler)) {}
  ConsumerSpec(ConsumerSettings settings, AsyncHandler<T> handler)
      : settings_(std::move(settings)), async_handler_(std::move(handler)) {}

  void check(const Bus& bus, const ProcessorOptions& options) const override {
    if (transactional(options)) detail::require_transactions(bus, "consumer " + settings_.name);
  }
  void build(Flow& flow) override {
    auto mine = settings_;
    mine.transactional = transactional(flow.options());
    mine.id = flow.processor();
    mine.flow = flow.id();
    mine.queue = flow.queue(mine.name);
    mine.subscription = derived_name(mine.id + "--" + mine.flow + "--" + mine.name, "");
    mine.in = flow.weak_from_this();
    auto name = mine.name;
    if (handler_) {
      flow.emplace<Consumer<T>>(std::move(name), Flow::Order::receiver, flow.bus(), std::move(mine),
                                handler_);
    } else {
      flow.emplace<Consumer<T>>(std::move(name), Flow::Order::receiver, flow.bus(), std::move(mine),
                                async_handler_);
    }
  }

 private:
  bool transactional(const ProcessorOptions& options) const {
    return settings_.transactional.value_or(options.transactional);
  }
  static ConsumerSettings settings(std::string name, int concurrency) {
    ConsumerSettings made;
    made.name = std::move(name);
    made.concurrency = concurrency;
    return made;
  }

  const ConsumerSettings settings_;
  const Handler<T> handler_;
  const AsyncHandler<T> async_handler_;
};

template <Schema T>
class ProducerSpec : public Spec {
 public:
  explicit ProducerSpec(std::string name, ProducerOptions options = {})
      : name_(std::move(name)), options_(std::move(options)) {}
  void build(Flow& flow) override {
    flow.emplace<framework::Producer<T>>(name_, Flow::Order::tool, flow.bus(), flow.processor(), flow.id(),
                                         name_, flow.queue(name_), options_);
  }

 private:
  const std::string name_;
  const ProducerOptions options_;
};

/// Subscription `<id>`.
template <Schema T>
class SubscriberSpec : public Spec {
 public:
  explicit SubscriberSpec(std::string name) : name_(std::move(name)) {}
  void build(Flow& flow) override {
    flow.emplace<Subscriber<T>>(name_, Flow::Order::tool, flow.bus(),
                                SubscriberSettings{.id = flow.processor(),
                                                   .flow = flow.id(),
                                                   .name = name_,
                                                   .queue = flow.queue(name_),
                                                   .subscription = flow.processor()});
  }

 private:
  const std::string name_;
};

class ParameterSpec : public Spec {
 public:
  explicit ParameterSpec(std::string name) : name_(std::move(name)) {}
  void build(Flow& flow) override { flow.add_parameter(name_); }

 private:
  const std::string name_;
};

/// Subscription `<id>--<flow>--<request_name>--<uuid>`.
template <Schema Request, Schema Response>
class RequestResponseSpec : public Spec {
 public:
  RequestResponseSpec(std::string request_name, std::string response_name)
      : request_name_(std::move(request_name)), response_name_(std::move(response_name)) {}
  void build(Flow& flow) override {
    flow.emplace<RequestResponse<Request, Response>>(
        request_name_, Flow::Order::tool, flow.bus(),
        RequestResponseSettings{.id = flow.processor(),
                                .flow = flow.id(),
                                .name = request_name_,
                                .request = flow.queue(request_name_),
                                .response = flow.queue(response_name_),
                                .subscription = {}});
  }

 private:
  const std::string request_name_, response_name_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
