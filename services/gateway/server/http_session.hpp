#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "services/gateway/server/client_stream.hpp"
#include "services/gateway/server/context.hpp"
#include "services/gateway/server/http_response.hpp"
#include "services/gateway/server/route.hpp"

namespace omnibus::gateway {

/// One HTTP/1.1 connection, plain or TLS: its requests one after the other. Becomes a WebSocketSession on
/// upgrade.
/// Threads: everything runs on the connection's strand, but for drain, abort and the replies.
class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<Context> context, boost::asio::ip::tcp::socket socket);
  static void start(std::shared_ptr<Context> context, boost::asio::ip::tcp::socket socket);

  void drain() override;
  void abort() override;

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;
  using Head = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  Awaitable<void> run();
  Awaitable<bool> secure();
  Awaitable<bool> wait_for_request();
  Awaitable<bool> serve();
  Awaitable<bool> serve_route(Head& head, Route route);
  Awaitable<bool> serve_call(Head& head, Route route);
  Awaitable<bool> serve_metrics(Head& head, const Route& where);
  Awaitable<bool> upgrade(Head& head, const Route& route);
  Awaitable<std::optional<std::string>> read_body(Head& head);
  Awaitable<bool> claim_memory(std::size_t bytes);
  Awaitable<void> wait_for(std::function<bool()> done);
  Awaitable<std::optional<Answer>> answer_to(const HttpPeer& peer, Route where, std::string body);
  Awaitable<bool> refuse(Head& head, const Route& where, HttpResponse response);
  Awaitable<bool> close_with(HttpPeer peer, HttpResponse response);
  Awaitable<bool> write(HttpPeer peer, HttpResponse response);
  Awaitable<void> say_goodbye();
  Awaitable<void> linger();
  HttpPeer peer_of(const Head& head, const Route& where) const;
  std::chrono::steady_clock::time_point slowest_part(std::chrono::steady_clock::time_point began,
                                                     std::size_t received) const;
  void watch_peer();
  void watch_for_end();
  void note_end();
  void answered(std::uint64_t request, Answer answer);

  // Destroyed last: the sockets below need its I/O context.
  const std::shared_ptr<Context> context_;
  const Sessions::Registration registration_;
  const boost::asio::any_io_executor executor_;  // the connection's strand
  ClientStream stream_;
  boost::beast::flat_buffer buffer_;
  boost::asio::ip::address address_;                // the client's
  boost::asio::steady_timer signal_;                // wakes wait_for
  std::chrono::steady_clock::time_point gives_up_;  // of wait_for
  std::unique_ptr<ByteBudget::Claim> claim_;        // for the body of the running request, when it is large
  std::optional<UpstreamCall> upstream_;            // the running request for metrics
  std::optional<Answer> answer_;
  std::uint64_t request_ = 0;
  bool idle_ = false;
  bool gone_ = false;
  bool hidden_ = false;                   // unread data hides the end of the connection from wait_for
  bool handed_over_ = false;              // to a WebSocketSession
  boost::system::error_code body_error_;  // why the last body could not be read
};

}  // namespace omnibus::gateway
