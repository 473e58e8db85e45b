#pragma once

/// One client of a gateway, over HTTP or over a WebSocket.

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "gateway_bench/plan.hpp"

namespace omnibus::app::gateway_bench {

using Endpoint = boost::asio::ip::tcp::endpoint;

/// What became of one request. Empty: it was answered.
struct Outcome {
  std::string failure = {};
  bool connected = true;  ///< false: the client must connect again
};

/// Threads: those of its I/O context, one call at a time; close() ends a running one.
class Client {
 public:
  virtual ~Client() = default;
  /// Empty when connected; else why not.
  virtual boost::asio::awaitable<std::string> connect() = 0;
  /// Sends the request and waits for the whole answer. An answer that says `error` is a failure.
  virtual boost::asio::awaitable<Outcome> ask() = 0;
  virtual void close() = 0;
};

std::unique_ptr<Client> make_client(Protocol protocol, boost::asio::io_context& io, const Endpoint& endpoint,
                                    const Target& target, std::string_view body);

/// The path of a service, and that of the WebSocket with its token.
std::string service_path(const Target& target);
std::string socket_path(const Target& target);
/// HOST:PORT as a request names it.
std::string authority_of(const Target& target);
/// One message of the WebSocket.
std::string frame_of(const Target& target, std::string_view body);

/// Why an answer is none: "HTTP 404: …" or the error in it; empty when it is good. `socket`: the answer
/// stands in "response".
std::string refusal_of(unsigned status, std::string_view answer, bool socket);

}  // namespace omnibus::app::gateway_bench
