#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <omnibus/error.hpp>
#include <omnibus/metrics.hpp>

#include "services/gateway/dispatch/request_metrics.hpp"
#include "services/gateway/gateway.hpp"
#include "services/gateway/server/handler.hpp"
#include "services/gateway/status/error_log.hpp"

namespace omnibus::gateway {

/// One request on its way: gives its answers the form that the client's channel wants. Answered for sure:
/// one that is dropped without a last answer tells so itself. Source: gateway facts, "Status codes and
/// bodies" and "WebSocket multiplexer".
/// Threads: one caller at a time.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  /// Runs before the last answer goes out, and calls its argument to let it go.
  using Hold = std::function<void(std::function<void()> proceed)>;

  /// Over HTTP; `request_id` names failures in the log, and in their answers when errors are strict; empty:
  /// they are not logged.
  Exchange(Reply reply, HttpErrors errors, std::string request_id = {});
  /// Over a WebSocket; `id` is echoed, empty where the message had none.
  Exchange(Reply reply, std::optional<boost::json::value> id, HttpErrors errors = HttpErrors::compatible,
           std::string request_id = {});
  /// A message of an import: it gets no answer, and a failure, logged as one of `import`, closes the socket.
  Exchange(Reply reply, std::string import);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void count_as(ServiceMetrics metrics) { metrics_.emplace(metrics); }
  /// It goes to a queue now.
  void count_for(QueueMetrics queue);
  /// Failures are kept there as well, as those of this flow (empty: none) and service.
  void report_to(std::shared_ptr<ErrorLog> errors, std::string flow, std::string service);
  void hold_last(Hold hold) { hold_ = std::move(hold); }

  /// False when the client is gone.
  bool answer(boost::json::object response, bool complete);
  /// The service refused: {"error": {"type", "message"}}.
  void service_error(std::string_view type, std::string_view message);
  /// The gateway could not bring the request to its service or had no answer.
  void gateway_error(std::string_view message, unsigned status);
  void gateway_error(const Error& error);
  /// The request went nowhere: {"error": "text"}; on a socket {"id", "error": {"type", "message"},
  /// "complete"}.
  void dispatch_error(std::string_view text, unsigned status);
  void dispatch_error(const Error& error);

 private:
  void error_response(std::string_view type, std::string_view message, unsigned status);
  bool send(boost::json::object body, bool complete, unsigned status, bool failed);
  void finish(bool failed);
  void name_request(boost::json::object& failure) const;
  void report(std::string text) const;
  void log_failure(const std::string& body) const;
  bool send_nothing(const boost::json::object& body, bool failed);
  bool is_socket() const noexcept { return socket_; }

  Reply reply_;
  const HttpErrors errors_ = HttpErrors::compatible;
  const bool socket_ = false;
  const std::string request_id_;
  const std::optional<std::string> import_ = std::nullopt;
  std::optional<boost::json::value> id_;
  std::optional<ServiceMetrics> metrics_;
  std::optional<QueueMetrics> queue_;
  std::shared_ptr<ErrorLog> errors_seen_;
  std::string flow_, service_;  // of what failed
  Hold hold_;
  const TimePoint began_ = Clock::now();
  bool done_ = false;
};

/// The HTTP status for a failure inside.
unsigned status_of(ErrorCode code) noexcept;
/// The HTTP status for what a service answered with this error type.
unsigned status_of_service_error(std::string_view type) noexcept;

}  // namespace omnibus::gateway
