#pragma once

/// Blocking clients for the tests, on real sockets.

#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace omnibus::gateway {

using Tcp = boost::asio::ip::tcp;

/// One connection that speaks whatever the test writes.
class HttpClient {
 public:
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  explicit HttpClient(std::uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  void write(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  /// Closes the sending side only.
  void finish_writing() { socket_.shutdown(Tcp::socket::shutdown_send); }
  /// Closes so that the peer sees a reset.
  void vanish() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }
  Response read() {
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.body_limit(boost::none);
    boost::beast::http::read(socket_, buffer_, parser);
    return parser.release();
  }
  /// Everything until the server closes.
  std::string read_all() {
    std::string text;
    boost::system::error_code ec;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(text), ec);
    return text;
  }
  Response post(std::string_view path, std::string_view body, std::string_view headers = {}) {
    write(post_text(path, body, headers));
    return read();
  }
  static std::string post_text(std::string_view path, std::string_view body, std::string_view headers = {}) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  Tcp::socket& socket() { return socket_; }

 private:
  boost::asio::io_context io_;
  Tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

class WebSocketClient {
 public:
  explicit WebSocketClient(std::uint16_t port, const std::string& target = "/api/v1/socket") : stream_(io_) {
    stream_.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
    stream_.handshake(response_, "t", target);
    stream_.read_message_max(1u << 30);
  }

  void send(std::string_view text) { stream_.write(boost::asio::buffer(text)); }
  std::string read() {
    boost::beast::flat_buffer buffer;
    stream_.read(buffer);
    return boost::beast::buffers_to_string(buffer.data());
  }
  /// Reads until the server closes; the close code, 0 when it just went.
  unsigned read_close() {
    boost::system::error_code ec;
    while (!ec) {
      boost::beast::flat_buffer buffer;
      stream_.read(buffer, ec);
    }
    return ec == boost::beast::websocket::error::closed ? stream_.reason().code : 0;
  }
  void vanish() {
    stream_.next_layer().set_option(boost::asio::socket_base::linger(true, 0));
    stream_.next_layer().close();
  }
  boost::beast::websocket::stream<Tcp::socket>& stream() { return stream_; }
  /// To the handshake.
  const boost::beast::websocket::response_type& response() const { return response_; }

 private:
  boost::asio::io_context io_;
  boost::beast::websocket::stream<Tcp::socket> stream_;
  boost::beast::websocket::response_type response_;
};

}  // namespace omnibus::gateway
