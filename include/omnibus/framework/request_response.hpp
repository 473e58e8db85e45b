#pragma once

#include <functional>
#include <string>

#include <omnibus/framework/subscriber.hpp>

namespace omnibus::framework {

struct RequestResponseSettings {
  std::string id;
  std::string flow = "None";
  std::string name;  ///< the request name in the spec; labels metrics
  QueueName request, response;
  std::string subscription;  ///< of the responses; empty: a generated ephemeral one
};

/// Sends a request with a new property `id` and waits for the answers that carry it. The response
/// subscription is real before the first request goes out. What is pending fails with Error{unavailable} when
/// either link drops. Threads: any.
template <Schema Request, Schema Response>
class RequestResponse {
 public:
  RequestResponse(Bus bus, RequestResponseSettings settings);
  void start();
  void stop(Duration timeout = std::chrono::seconds(5));

  /// The first answer. `timeout` is per message.
  /// Errors: TimeoutError; Error{unavailable}; ClosedError.
  Response request(const Request& request, Duration timeout = std::chrono::seconds(300));

  /// Every answer until `more` returns true ("that was the last").
  void request(const Request& request, const std::function<bool(const Response&)>& last,
               Duration timeout = std::chrono::seconds(300));

  /// Without a waiting thread: `answer(error, response)` runs on the Bus's pool for each answer and returns
  /// true when it was the last; on an error it runs once with a null response and no more.
  using Answer = std::function<bool(const Error*, const Response*)>;
  void request_async(const Request& request, Answer answer, Duration timeout = std::chrono::seconds(300));

  /// Sent again, once per reconnect, when the link drops. For requests that may run twice.
  void idempotent(bool value);
};

}  // namespace omnibus::framework
