#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <omnibus/detail/export.hpp>
#include <omnibus/framework/producer.hpp>
#include <omnibus/framework/subscriber.hpp>

OMNIBUS_EXPORT_BEGIN
namespace omnibus::framework {

/// How a RequestResponse is set up: `id` and `flow` label metrics; both queues are needed.
struct RequestResponseSettings {
  std::string id;
  std::string flow = "None";
  std::string name;  ///< the request name in the spec; labels metrics
  QueueName request, response;
  std::string subscription;  ///< of the responses; empty: a generated ephemeral one
  /// Between attempts to renew a lost reply subscription, or to send an idempotent request again.
  Duration reconnect = std::chrono::seconds(1);
  ConsumerOptions options = {.lifetime = Lifetime::ephemeral};
};

namespace detail {
/// The client without the types.
class RequestCore {
 public:
  /// Null message on an error; true ends it.
  using Answer = UniqueFunction<bool(const Error*, Received*)>;
  RequestCore(Bus bus, RequestResponseSettings settings, const schema::Type& request,
              const schema::Type& response, Decode decode);
  ~RequestCore();
  RequestCore(const RequestCore&) = delete;
  RequestCore& operator=(const RequestCore&) = delete;

  void start();
  CloseReport stop(Duration timeout) noexcept;
  /// `copy` keeps the request for sending it again; null when it must not be.
  void request(const void* request, std::shared_ptr<const void> copy, Answer answer, Duration timeout);
  void idempotent(bool value) noexcept;
  bool idempotent() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Waits for the end of an asynchronous request and hands its failure to the waiting thread.
class RequestWait {
 public:
  /// Remembers the failure, wakes the waiter. Nothing is touched after it returns.
  void finish(std::exception_ptr failure) noexcept;
  /// Errors: what the request ended with.
  void wait();

 private:
  std::mutex mutex_;  // guards both members below
  std::condition_variable ended_;
  bool done_ = false;
  std::exception_ptr failure_;
};

/// The exception that belongs to the error's code.
std::exception_ptr exception_of(const Error& error) noexcept;
}  // namespace detail

/// Sends a request with a new property `id` and waits for the answers that carry it. The response
/// subscription is real before the first request goes out. What is pending fails with Error{unavailable} when
/// the link drops.
/// Metrics: producer_count, subscriber_state, received_count, all under the request's name.
/// Threads: any.
template <Schema Request, Schema Response>
class RequestResponse {
 public:
  RequestResponse(Bus bus, RequestResponseSettings settings)
      : core_(std::move(bus), std::move(settings), schema::type_of<Request>(), schema::type_of<Response>(),
              detail::decode<Response>) {}

  /// Returns when the reply subscription is real and requests can be sent.
  /// Errors: as omnibus::Bus::create_consumer, and start() may be called again; ClosedError after stop().
  void start() { core_.start(); }
  /// Refuses new requests, waits up to `timeout` for what is pending; the rest fails with ClosedError.
  /// Idempotent; the destructor calls it.
  CloseReport stop(Duration timeout = std::chrono::seconds(5)) noexcept { return core_.stop(timeout); }

  /// The first answer. `timeout` is per message.
  /// Errors: TimeoutError; Error{unavailable}; ClosedError; EncodeError; what the send failed with.
  Response request(const Request& request, Duration timeout = std::chrono::seconds(300)) {
    Response result{};
    wait_for(request, timeout, [&result](Response& response) {
      result = std::move(response);
      return true;
    });
    return result;
  }

  /// Every answer until `last` returns true ("that was the last"). It runs on the Bus's pool while the caller
  /// waits; what it throws ends the request and is thrown here.
  void request(const Request& request, const std::function<bool(const Response&)>& last,
               Duration timeout = std::chrono::seconds(300)) {
    wait_for(request, timeout, [&last](Response& response) { return last(response); });
  }

  /// Without a waiting thread: `answer(error, response)` runs on the Bus's pool for each answer and returns
  /// true when it was the last; on an error it runs once with a null response and no more. Calls for one
  /// request never overlap. Up to 100 answers are buffered; beyond them all requests of this client wait.
  using Answer = std::function<bool(const Error*, const Response*)>;
  void request_async(const Request& request, Answer answer, Duration timeout = std::chrono::seconds(300)) {
    core_.request(
        &request, copy(request),
        [answer = std::move(answer)](const Error* error, detail::Received* received) {
          return answer(error, received != nullptr ? &value(*received) : nullptr);
        },
        timeout);
  }

  /// Sent again, once per reconnect, when the link drops. For requests that may run twice. Holds for later
  /// requests.
  void idempotent(bool value) noexcept { core_.idempotent(value); }

 private:
  static Response& value(detail::Received& received) {
    return static_cast<detail::ReceivedMessage<Response>&>(received).message().value();
  }
  std::shared_ptr<const void> copy(const Request& request) const {
    if constexpr (std::is_copy_constructible_v<Request>) {
      if (core_.idempotent()) return std::make_shared<const Request>(request);
    }
    return nullptr;
  }
  template <class Take>
  void wait_for(const Request& request, Duration timeout, Take take) {
    detail::RequestWait wait;
    core_.request(
        &request, copy(request),
        [&wait, &take](const Error* error, detail::Received* received) {
          if (error != nullptr) return wait.finish(detail::exception_of(*error)), true;
          try {
            if (!take(value(*received))) return false;
            wait.finish(nullptr);
          } catch (...) {
            wait.finish(std::current_exception());
          }
          return true;
        },
        timeout);
    wait.wait();
  }

  detail::RequestCore core_;
};

}  // namespace omnibus::framework
OMNIBUS_EXPORT_END
