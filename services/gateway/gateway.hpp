#pragma once

/// The gateway: HTTP and WebSocket clients on one side, queues on the other.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>

namespace omnibus::gateway {

/// Which status an error answer carries: always 200 with an error object, as existing clients need, or the
/// status that fits.
enum class HttpErrors : std::uint8_t { compatible, strict };

/// Where the requests to a global service go and its answers come from; an empty name: the usual one.
struct ServiceQueues {
  std::string request = {}, response = {};
};

struct GatewayOptions {
  std::string id = "api-gateway";
  std::string address = "0.0.0.0";
  std::uint16_t port = 8088;   ///< 0 takes a free one
  std::string api_token = {};  ///< the shared secret; empty: everybody may do everything
  /// How long a request waits for each answer of its service.
  Duration timeout = std::chrono::seconds(600);
  std::size_t body_limit = 256u << 20;  ///< largest HTTP body, bytes
  std::size_t frame_limit = 50u << 20;  ///< largest WebSocket message, bytes
  std::size_t body_memory = 1u << 30;   ///< all bodies over 1 MiB together; beyond it clients wait
  std::size_t max_connections = 4096;   ///< beyond it new clients wait to be accepted
  std::size_t outstanding = 16;         ///< requests of one WebSocket at once; beyond it nothing is read
  /// Bytes of answers that wait for one WebSocket client to read; beyond it it is closed.
  std::size_t outbox_limit = 64u << 20;
  Duration header_timeout = std::chrono::seconds(10);     ///< for a request's head, once it began
  Duration idle_timeout = std::chrono::seconds(60);       ///< without a byte moved, and between requests
  std::string prometheus_url = "http://prometheus:9090";  ///< where requests for metrics go
  std::size_t min_ingress_rate = 1024;                    ///< bytes per second of a body or message; 0: any
  std::size_t max_request_rate = 0;       ///< requests per second of one client address; 0: any
  std::vector<std::string> origins = {};  ///< of web pages that may use the gateway; empty: see docs
  HttpErrors http_errors = HttpErrors::compatible;
  std::string tls_certificate = {}, tls_key = {};  ///< PEM files for HTTPS and WSS; empty: no TLS
  unsigned threads = 2;                            ///< for all sockets together
  /// By global service: other queues of those that the gateway knows; and both queues of those that it does
  /// not, whose messages then pass through.
  std::map<std::string, ServiceQueues> queues = {};
  std::string config_push_queue = "q2/tg/config/config";
  /// Every service is in this process, so that what it counts is all there is: its status knows every rate.
  bool whole_system = false;
};

/// One gateway. Threads: start and stop from one thread at a time, the rest from any.
class Gateway {
 public:
  /// Errors: ConfigError when the TLS files or Prometheus's URL cannot be used.
  Gateway(const Bus& bus, const GatewayOptions& options);
  /// Calls stop().
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Returns when clients can connect. Requests for flows wait for the first configuration.
  /// Errors: Error{conflict} when the port is in use; ConfigError for an address that is none;
  /// Error{unavailable} when the broker cannot be reached.
  void start();
  /// Accepts nobody more, finishes the running requests, closes; what still runs at the deadline is cut off.
  /// Idempotent. Answers how many requests finished and how many were cut off (`flushed`, `running`).
  CloseReport stop(Duration deadline = std::chrono::seconds(10)) noexcept;

  /// The port that clients connect to; after start().
  std::uint16_t port() const noexcept;
  /// Empty when ready: the broker answers and the configuration is known. Else what is missing, for /readyz.
  /// May wait for the broker.
  std::string ready() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus::gateway
