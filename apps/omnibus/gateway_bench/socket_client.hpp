#pragma once

#include <optional>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "gateway_bench/client.hpp"

namespace omnibus::app::gateway_bench {

/// Sends the same message over one WebSocket; an answer may be several messages, the last says
/// `"complete": true`.
class SocketClient final : public Client {
 public:
  SocketClient(boost::asio::io_context& io, const Endpoint& endpoint, const Target& target,
               std::string frame);

  boost::asio::awaitable<std::string> connect() override;
  boost::asio::awaitable<Outcome> ask() override;
  void close() override;

  /// Takes what comes, pings too, until the connection ends.
  boost::asio::awaitable<void> listen();
  /// Sends the request without waiting for its answer; false when the connection has ended.
  boost::asio::awaitable<bool> send();
  /// Before connect(): how many bytes the kernel keeps for this client that it has not read.
  void receive_buffer(int bytes) { receive_buffer_ = bytes; }
  boost::asio::ip::tcp::socket& socket() { return stream_->next_layer(); }

 private:
  boost::asio::io_context& io_;
  const Endpoint endpoint_;
  const std::string authority_, path_, frame_;
  std::optional<boost::beast::websocket::stream<boost::asio::ip::tcp::socket>> stream_;
  boost::beast::flat_buffer buffer_;
  int receive_buffer_ = 0;
};

}  // namespace omnibus::app::gateway_bench
