#pragma once

/// The sockets: accepts clients, speaks HTTP and WebSocket, enforces limits and deadlines.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <omnibus/options.hpp>
#include <omnibus/time.hpp>

#include "services/gateway/server/handler.hpp"
#include "services/gateway/server/upstream.hpp"

namespace omnibus::gateway {

struct ServerOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 8088;
  std::string api_token = {};
  std::size_t body_limit = 256u << 20;
  std::size_t frame_limit = 50u << 20;
  std::size_t body_memory = 1u << 30;
  std::size_t max_connections = 4096;
  std::size_t outstanding = 16;
  std::size_t outbox_limit = 64u << 20;  ///< bytes of answers that wait for one WebSocket client to read
  Duration header_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(60);
  std::size_t min_ingress_rate = 1024;    ///< bytes per second of a body; 0: any
  std::size_t max_request_rate = 0;       ///< requests per second of one address; 0: any
  std::vector<std::string> origins = {};  ///< of browsers' pages that may come in; empty: see Origins
  Upstream prometheus = {};
  Duration timeout = std::chrono::seconds(600);    ///< for an answer of Prometheus
  bool strict = false;                             ///< errors of Prometheus have the status that fits
  std::string tls_certificate = {}, tls_key = {};  ///< PEM files; empty: no TLS
  unsigned threads = 2;
};

/// Threads: start and stop from one thread at a time; its own I/O threads run everything else.
class Server {
 public:
  /// `handler` outlives the server. Errors: ConfigError when the TLS files cannot be used.
  Server(ServerOptions options, Handler& handler);
  /// Calls stop() with no patience.
  ~Server();

  /// Errors: Error{conflict} when the port is in use; ConfigError for an address that is none.
  void start();
  /// Accepts nobody more, lets running requests finish, closes; cuts off what still runs at the deadline.
  CloseReport stop(Duration deadline) noexcept;

  std::uint16_t port() const noexcept;
  /// Clients connected now.
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus::gateway
