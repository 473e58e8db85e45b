#pragma once

/// Brings requests of one kind to their queues.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <omnibus/framework/producer.hpp>
#include <omnibus/framework/request_response.hpp>

#include "services/gateway/dispatch/exchange.hpp"
#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

/// Held by shared_ptr: alive while a request of its runs.
/// Threads: any. Nothing waits for a place in a send window: a full one is an
/// error, would_block.
class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
 public:
  virtual ~Dispatcher() = default;
  /// Every way out ends `exchange`.
  virtual void request(const boost::json::value& body, std::shared_ptr<Exchange> exchange) = 0;
  /// False, and nothing is done, when there is no room to send now.
  virtual bool offer(const boost::json::value& body, const std::shared_ptr<Exchange>& exchange) {
    request(body, exchange);
    return true;
  }
  /// Ends what still runs, at the latest after `timeout`.
  virtual void stop(Duration timeout) noexcept = 0;

  void count_for(QueueMetrics queue) { queue_.emplace(queue); }
  const std::optional<QueueMetrics>& queue() const noexcept { return queue_; }

 private:
  std::optional<QueueMetrics> queue_;
};

/// What a dispatcher is made from.
struct DispatcherPlan {
  Bus bus;
  std::string id;    ///< the gateway's
  std::string flow;  ///< "None" for a global service
  std::string kind;
  QueueName request;
  QueueName response;  ///< unused by a Loader
  Duration timeout;
};

/// A service that answers: a request queue and a response queue.
/// `encode(response)`: what the client gets; `last(response)`: whether it completes its request, null:
/// always.
template <class Request, class Response>
class Requester final : public Dispatcher {
 public:
  using Encode = boost::json::object (*)(const Response&);
  using Last = bool (*)(const Response&);

  /// Errors: as RequestResponse::start.
  Requester(const DispatcherPlan& plan, Encode encode, Last last)
      : client_(plan.bus, {.id = plan.id,
                           .flow = plan.flow,
                           .name = plan.kind,
                           .request = plan.request,
                           .response = plan.response,
                           .subscription = {}}),
        encode_(encode),
        last_(last),
        timeout_(plan.timeout) {
    client_.start();
  }

  void request(const boost::json::value& body, std::shared_ptr<Exchange> exchange) override {
    Request message{};
    try {
      translate(Fields(body), message);
    } catch (const TranslationError& error) {
      constexpr unsigned bad_request = 400;
      exchange->gateway_error(error.message(), bad_request);
      return;
    }
    try {
      client_.request_async(
          message,
          [self = shared_from_this(), exchange, encode = encode_, last = last_](const Error* error,
                                                                                const Response* response) {
            return take(*exchange, encode, last, error, response);
          },
          timeout_);
    } catch (const Error& error) {
      exchange->gateway_error(error);
    }
  }

  void stop(Duration timeout) noexcept override { (void)client_.stop(timeout); }

 private:
  static bool take(Exchange& exchange, Encode encode, Last last, const Error* error,
                   const Response* response) {
    if (error != nullptr) {
      exchange.gateway_error(*error);
      return true;
    }
    if (response->error) {
      exchange.service_error(response->error->type, response->error->message);
      return true;
    }
    const bool complete = last == nullptr || last(*response);
    boost::json::object body;
    try {
      body = encode(*response);
    } catch (const TranslationError& failure) {
      constexpr unsigned bad_gateway = 502;
      exchange.gateway_error(failure.message(), bad_gateway);
      return true;
    }
    const bool wanted = exchange.answer(std::move(body), complete);
    return complete || !wanted;
  }

  framework::RequestResponse<Request, Response> client_;
  const Encode encode_;
  const Last last_;
  const Duration timeout_;
};

/// A queue that takes messages and answers nothing; acknowledged when the broker has accepted the message.
template <class Message>
class Loader final : public Dispatcher {
 public:
  explicit Loader(const DispatcherPlan& plan)
      : producer_(plan.bus, plan.id, plan.flow, plan.kind, plan.request,
                  {.block_when_full = false, .send_timeout = plan.timeout}) {}

  void request(const boost::json::value& body, std::shared_ptr<Exchange> exchange) override {
    if (!offer(body, exchange)) {
      exchange->dispatch_error(Error(ErrorCode::would_block, "the queue takes no more now; try again"));
    }
  }

  bool offer(const boost::json::value& body, const std::shared_ptr<Exchange>& exchange) override {
    Message message{};
    try {
      translate(Fields(body), message);
    } catch (const TranslationError& error) {
      constexpr unsigned bad_request = 400;
      exchange->dispatch_error(error.message(), bad_request);
      return true;
    }
    try {
      producer_.send_async(message, {}, [self = shared_from_this(), exchange](const Error* error) {
        if (error != nullptr) {
          exchange->dispatch_error(*error);
        } else {
          exchange->answer({}, true);
        }
      });
    } catch (const Error& error) {
      if (error.code() == ErrorCode::would_block) return false;
      exchange->dispatch_error(error);
    }
    return true;
  }

  void stop(Duration timeout) noexcept override { (void)producer_.stop(timeout); }

 private:
  framework::Producer<Message> producer_;
};

}  // namespace omnibus::gateway
