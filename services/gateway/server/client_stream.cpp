#include "services/gateway/server/client_stream.hpp"

#include "services/gateway/server/into.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<bool> ClientStream::handshake() {
  if (!tls_) co_return true;
  error_code ec;
  co_await tls_->async_handshake(asio::ssl::stream_base::server, into(ec));
  co_return !ec;
}

asio::awaitable<void> ClientStream::finish_writing() {
  error_code ec;
  if (tls_) co_await tls_->async_shutdown(into(ec));
  socket().shutdown(asio::socket_base::shutdown_send, ec);
}

}  // namespace omnibus::gateway
