#pragma once

/// A client's connection, plain or TLS. For the sessions' sources: this header brings in Asio and OpenSSL.

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace omnibus::gateway {

/// An AsyncStream of Beast; deadlines are those of tcp(). Movable while nothing runs on it.
/// Threads: the strand of its socket.
class ClientStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using Tcp = boost::beast::tcp_stream;
  using Tls = boost::asio::ssl::stream<Tcp&>;
  using next_layer_type = Tcp;  // what Beast closes and asks for its lowest layer

  /// `tls` null: plain; else it outlives the stream, and handshake() comes first.
  ClientStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls)
      : tcp_(std::make_unique<Tcp>(std::move(socket))) {
    if (tls != nullptr) tls_ = std::make_unique<Tls>(*tcp_, *tls);
  }

  executor_type get_executor() noexcept { return tcp_->get_executor(); }
  Tcp& next_layer() noexcept { return *tcp_; }
  const Tcp& next_layer() const noexcept { return *tcp_; }
  Tcp& tcp() noexcept { return *tcp_; }
  Tls* tls() noexcept { return tls_.get(); }
  boost::asio::ip::tcp::socket& socket() noexcept { return tcp_->socket(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token)
      -> decltype(std::declval<Tcp&>().async_read_some(buffers, std::forward<Token>(token))) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return tcp_->async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token)
      -> decltype(std::declval<Tcp&>().async_write_some(buffers, std::forward<Token>(token))) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return tcp_->async_write_some(buffers, std::forward<Token>(token));
  }

  /// False when the client speaks no TLS of ours. Nothing to do on a plain stream.
  boost::asio::awaitable<bool> handshake();
  /// Tells the client that nothing more comes. The caller sets the deadline.
  boost::asio::awaitable<void> finish_writing();

 private:
  std::unique_ptr<Tcp> tcp_;
  std::unique_ptr<Tls> tls_;  // refers to *tcp_
};

/// What ends a WebSocket on it; found by Beast.
template <class Handler>
void async_teardown(boost::beast::role_type role, ClientStream& stream, Handler&& handler) {
  using boost::beast::async_teardown;
  using boost::beast::websocket::async_teardown;
  if (stream.tls() != nullptr) return async_teardown(role, *stream.tls(), std::forward<Handler>(handler));
  async_teardown(role, stream.tcp(), std::forward<Handler>(handler));
}

}  // namespace omnibus::gateway
