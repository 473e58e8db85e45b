#include "services/gateway/server/http_session.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t chunk = 64u << 10;
/// A refused request's body up to this size is read, so that the connection can go on.
constexpr std::uint64_t small_body = 64u << 10;

}  // namespace

/// When the next part of a body must be there: none may take the idle timeout, nor all together more than
/// that and what --min-ingress-rate allows.
std::chrono::steady_clock::time_point HttpSession::slowest_part(std::chrono::steady_clock::time_point began,
                                                                std::size_t received) const {
  const auto& options = context_->options;
  const auto idle = asio_duration(options.idle_timeout);
  const auto next = std::chrono::steady_clock::now() + idle;
  if (options.min_ingress_rate == 0) return next;
  return std::min(next, began + idle + std::chrono::seconds(received / options.min_ingress_rate));
}

/// The whole body; takes over `head`. Empty when the client went, stalled, or sent what it must not
/// (body_error_).
asio::awaitable<std::optional<std::string>> HttpSession::read_body(Head& head) {
  error_code ec;
  if (beast::iequals(head.get()[http::field::expect], "100-continue") && buffer_.size() == 0) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.tcp().expires_after(asio_duration(context_->options.idle_timeout));
    co_await asio::async_write(stream_, asio::buffer(go_on), into(ec));
    if (ec) co_return std::nullopt;
  }
  http::request_parser<http::buffer_body> parser(std::move(head));
  parser.body_limit(context_->options.body_limit);
  std::string body;
  auto began = std::chrono::steady_clock::now();
  body.reserve(std::min<std::size_t>(parser.content_length().value_or(0), 1u << 20));
  std::vector<char> part(std::min<std::size_t>(chunk, parser.content_length().value_or(chunk)));
  while (!parser.is_done()) {
    parser.get().body().data = part.data();
    parser.get().body().size = part.size();
    if (!take_read(parser, ec)) {
      stream_.tcp().expires_at(slowest_part(began, body.size()));
      co_await http::async_read_some(stream_, buffer_, parser, into(ec));
    }
    if (ec == http::error::need_buffer) ec = {};
    if (ec) break;
    body.append(part.data(), part.size() - parser.get().body().size);
    if (claim_ || body.size() < large_body) continue;
    const auto limit = context_->options.body_limit;
    const auto stopped = std::chrono::steady_clock::now();
    if (!co_await claim_memory(std::min<std::size_t>(limit, parser.content_length().value_or(limit)))) {
      co_return std::nullopt;
    }
    began += std::chrono::steady_clock::now() - stopped;  // the wait was ours
  }
  body_error_ = ec;
  if (ec) co_return std::nullopt;
  co_return body;
}

/// Waits until there is room for a large body; false when the client is gone meanwhile.
asio::awaitable<bool> HttpSession::claim_memory(std::size_t bytes) {
  claim_ = context_->bodies->claim(bytes, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->executor_, [weak] {
      if (const auto session = weak.lock()) session->signal_.cancel();
    });
  });
  co_await wait_for([this] { return claim_->granted(); });
  co_return !gone_;
}

/// Answers without looking at the request's body.
asio::awaitable<bool> HttpSession::refuse(Head& head, const Route& where, HttpResponse response) {
  const auto peer = peer_of(head, where);
  const auto length = head.content_length();
  const bool chunked = head.chunked();
  const bool waits = beast::iequals(head.get()[http::field::expect], "100-continue");
  if (!chunked && length.value_or(0) == 0) co_return co_await write(peer, std::move(response));
  if (!chunked && *length <= std::min<std::uint64_t>(small_body, context_->options.body_limit) && !waits) {
    if (!co_await read_body(head)) co_return false;
    co_return co_await write(peer, std::move(response));
  }
  co_return co_await close_with(peer, std::move(response));
}

/// Answers and ends the connection; false, as it must not go on.
asio::awaitable<bool> HttpSession::close_with(HttpPeer peer, HttpResponse response) {
  response.close = true;
  (void)co_await write(peer, std::move(response));
  co_await linger();
  co_return false;
}

/// Reads on for a moment before closing: closing with unread data would make the peer's kernel drop our
/// answer.
asio::awaitable<void> HttpSession::linger() {
  error_code ec;
  idle_ = true;  // a stop need not wait for this
  stream_.tcp().expires_after(
      asio_duration(std::min<Duration>(context_->options.idle_timeout, std::chrono::seconds(5))));
  co_await stream_.finish_writing();
  std::vector<char> part(chunk);
  while (!ec && !context_->stopping) co_await stream_.tcp().async_read_some(asio::buffer(part), into(ec));
}

}  // namespace omnibus::gateway
