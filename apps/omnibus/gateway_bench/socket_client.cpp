#include "gateway_bench/socket_client.hpp"

#include "services/gateway/server/into.hpp"

namespace omnibus::app::gateway_bench {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using gateway::into;

SocketClient::SocketClient(asio::io_context& io, const Endpoint& endpoint, const Target& target,
                           std::string frame)
    : io_(io),
      endpoint_(endpoint),
      authority_(authority_of(target)),
      path_(socket_path(target)),
      frame_(std::move(frame)) {}

asio::awaitable<std::string> SocketClient::connect() {
  error_code ec;
  stream_.emplace(io_);
  buffer_.clear();
  auto& socket = stream_->next_layer();
  socket.open(endpoint_.protocol(), ec);
  if (receive_buffer_ > 0) socket.set_option(asio::socket_base::receive_buffer_size(receive_buffer_), ec);
  co_await socket.async_connect(endpoint_, into(ec));
  if (ec) co_return ec.message();
  socket.set_option(asio::ip::tcp::no_delay(true), ec);
  stream_->read_message_max(0);
  websocket::response_type response;
  co_await stream_->async_handshake(response, authority_, path_, into(ec));
  if (ec == websocket::error::upgrade_declined) {
    co_return refusal_of(response.result_int(), response.body(), false);
  }
  co_return ec ? ec.message() : std::string();
}

void SocketClient::close() {
  if (!stream_) return;
  error_code ignored;
  stream_->next_layer().close(ignored);
}

asio::awaitable<Outcome> SocketClient::ask() {
  error_code ec;
  co_await stream_->async_write(asio::buffer(frame_), into(ec));
  std::string failure;
  for (bool complete = false; !ec && !complete;) {
    buffer_.clear();
    co_await stream_->async_read(buffer_, into(ec));
    if (ec) break;
    const auto data = buffer_.cdata();
    const std::string_view text(static_cast<const char*>(data.data()), data.size());
    constexpr unsigned ok = 200;
    failure = refusal_of(ok, text, true);
    complete = text.find(R"("complete":true)") != std::string_view::npos ||
               text.find(R"("complete": true)") != std::string_view::npos;
  }
  if (!ec) co_return Outcome{std::move(failure), true};
  close();
  co_return Outcome{ec == websocket::error::closed ? "the connection was closed" : ec.message(), false};
}

asio::awaitable<void> SocketClient::listen() {
  error_code ec;
  while (!ec) {
    buffer_.clear();
    co_await stream_->async_read(buffer_, into(ec));
  }
}

asio::awaitable<bool> SocketClient::send() {
  error_code ec;
  co_await stream_->async_write(asio::buffer(frame_), into(ec));
  co_return !ec;
}

}  // namespace omnibus::app::gateway_bench
