#include "services/gateway/server/http_session.hpp"

#include <netinet/tcp.h>

#include <boost/asio/post.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/write.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

/// Whether the peer has closed its side, however much of what it sent is unread.
bool has_ended(asio::ip::tcp::socket& socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  const bool known = ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  return !known || info.tcpi_state != TCP_ESTABLISHED;
}

}  // namespace

/// Empty when the client is gone.
asio::awaitable<std::optional<Answer>> HttpSession::answer_to(const HttpPeer& peer, Route where,
                                                              std::string body) {
  const auto request = ++request_;
  answer_.reset();
  context_->running.fetch_add(1);
  Reply reply = [weak = weak_from_this(), request](Answer answer) {
    const auto self = weak.lock();
    if (!self) return false;
    asio::post(self->executor_, [weak, request, answer = std::move(answer)]() mutable {
      if (const auto session = weak.lock()) session->answered(request, std::move(answer));
    });
    return true;
  };
  if (where.kind == Route::Kind::ready) {
    context_->handler.ready(std::move(reply));
  } else if (where.kind == Route::Kind::status) {
    context_->handler.status(std::move(reply));
  } else if (where.kind == Route::Kind::core) {
    where.core.body = std::move(body);
    where.core.request_id = peer.request_id;
    context_->handler.core(std::move(where.core), std::move(reply));
  } else {
    context_->handler.http(
        {std::move(where.flow), std::move(where.service), std::move(body), peer.request_id},
        std::move(reply));
  }
  co_await wait_for([this] { return answer_.has_value(); });
  context_->running.fetch_sub(1);
  co_return std::exchange(answer_, std::nullopt);
}

/// Waits for `done`, which something that cancels signal_ makes true, or for the end of the connection.
asio::awaitable<void> HttpSession::wait_for(std::function<bool()> done) {
  if (done()) co_return;
  stream_.tcp().expires_never();
  hidden_ = false;
  gives_up_ = std::chrono::steady_clock::time_point::max();
  watch_peer();
  while (!done() && !gone_) {
    error_code ec;
    const auto look = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    signal_.expires_at(hidden_ ? std::min(look, gives_up_) : gives_up_);
    co_await signal_.async_wait(into(ec));
    if (ec) continue;
    gone_ = std::chrono::steady_clock::now() >= gives_up_;
    if (hidden_ && has_ended(stream_.socket())) note_end();
  }
  error_code ignored;
  if (stream_.socket().is_open()) stream_.socket().cancel(ignored);
}

void HttpSession::answered(std::uint64_t request, Answer answer) {
  // Of a streamed answer an HTTP client gets the last part.
  if (request != request_ || !answer.complete) return;
  answer_ = std::move(answer);
  signal_.cancel();
}

/// Ends wait_for, after a while, when the client has sent its last.
void HttpSession::note_end() {
  hidden_ = false;
  gives_up_ = std::chrono::steady_clock::now() + asio_duration(context_->options.idle_timeout);
  signal_.cancel();
}

/// Ends wait_for when the connection breaks. A client that only closed its sending side still gets its
/// answer, for a while: one that has gone altogether looks the same.
void HttpSession::watch_peer() {
  auto& socket = stream_.socket();
  if (!socket.is_open()) return;
  socket.async_wait(asio::socket_base::wait_error, [weak = weak_from_this()](const error_code& ec) {
    const auto self = weak.lock();
    if (!self || ec) return;
    self->gone_ = true;
    self->signal_.cancel();
  });
  watch_for_end();
}

void HttpSession::watch_for_end() {
  stream_.socket().async_wait(asio::socket_base::wait_read, [weak = weak_from_this()](const error_code& ec) {
    const auto self = weak.lock();
    if (!self || ec) return;
    char next = 0;
    error_code end;
    self->stream_.socket().receive(asio::buffer(&next, 1), asio::socket_base::message_peek, end);
    if (end == asio::error::would_block)
      return self->watch_for_end();  // that was news of what is read already
    if (end == asio::error::eof) return self->note_end();
    self->hidden_ = !end;  // the next request, or a record of TLS
    self->signal_.cancel();
  });
}

/// False when the connection must not go on.
asio::awaitable<bool> HttpSession::write(HttpPeer peer, HttpResponse response) {
  const bool keep = peer.keep_alive && !response.close && !context_->stopping;
  context_->handler.count(peer.route, response.status);
  auto message = std::move(response).message(peer, keep);
  http::response_serializer<http::string_body> serializer(message);
  error_code ec;
  while (!ec && !serializer.is_done()) {
    stream_.tcp().expires_after(asio_duration(context_->options.idle_timeout));
    co_await http::async_write_some(stream_, serializer, into(ec));
  }
  if (ec == beast::error::timeout) context_->handler.cut_off("unread");
  co_return !ec && keep;
}

}  // namespace omnibus::gateway
