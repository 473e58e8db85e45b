#include "services/gateway/server/http_session.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <omnibus/log.hpp>
#include <omnibus/version.hpp>

#include "services/gateway/server/websocket_session.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t header_limit = 16u << 10;
constexpr std::size_t chunk = 64u << 10;
constexpr std::size_t first_read = 4u << 10;  // what an idle connection keeps
/// Above the parser's read size and a whole head; bounds chunk extensions and trailers, which the parser does
/// not.
constexpr std::size_t buffer_limit = 128u << 10;
/// A refused request's body up to this size is read, so that the connection can go on.
constexpr std::uint64_t small_body = 64u << 10;
constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view octets_type = "application/octet-stream";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

/// Completes a coroutine's operation with `ec` instead of an exception.
auto into(error_code& ec) { return asio::redirect_error(asio::use_awaitable, ec); }

/// What came is no HTTP; else it is the connection that failed.
bool is_malformed(const error_code& ec) {
  return ec.category() == http::make_error_code(http::error::bad_version).category() &&
         ec != http::error::end_of_stream;
}

}  // namespace

struct HttpSession::Response {
  unsigned status = 200;
  std::string body = {};
  std::string_view type = json_type;
  std::string_view allow = {};
  bool close = false;

  /// "404: Not Found", as existing clients know it.
  static Response text(http::status status, std::string_view why = {}) {
    auto body =
        std::to_string(static_cast<unsigned>(status)) + ": " + std::string(http::obsolete_reason(status));
    if (!why.empty()) body.append(" (").append(why).append(")");
    return {.status = static_cast<unsigned>(status), .body = std::move(body), .type = text_type};
  }
  static Response malformed(const error_code& ec) {
    return text(ec == http::error::header_limit ? http::status::request_header_fields_too_large
                                                : http::status::bad_request,
                ec.message());
  }
  static Response of(Answer answer) {
    return {.status = answer.status,
            .body = std::move(answer.body),
            .type = answer.octets ? octets_type : json_type};
  }
};

HttpSession::HttpSession(std::shared_ptr<Context> context, asio::ip::tcp::socket socket)
    : context_(std::move(context)),
      registration_(context_->sessions, this),
      stream_(std::move(socket)),
      buffer_(buffer_limit),
      signal_(stream_.get_executor()) {}

void HttpSession::start(std::shared_ptr<Context> context, asio::ip::tcp::socket socket) {
  const auto session = std::make_shared<HttpSession>(std::move(context), std::move(socket));
  session->context_->sessions.add(session);
  asio::co_spawn(session->stream_.get_executor(), session->run(), [session](const std::exception_ptr&) {});
}

void HttpSession::drain() {
  asio::post(stream_.get_executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->idle_) self->stream_.cancel();
  });
}

void HttpSession::abort() {
  asio::post(stream_.get_executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->gone_ = true;
    if (self->upstream_) self->upstream_->cancel();
    self->stream_.close();
    self->signal_.cancel();
  });
}

asio::awaitable<void> HttpSession::run() {
  try {
    error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    stream_.socket().set_option(asio::socket_base::keep_alive(true), ignored);
    stream_.socket().non_blocking(true, ignored);  // else the look in watch_for_end may wait
    while (co_await wait_for_request()) {
      if (!co_await serve()) break;
    }
    stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
    stream_.close();
  } catch (const std::exception& error) {
    log::write(log::Level::warning, std::string("gateway: a connection failed: ") + error.what());
    stream_.close();
  }
}

/// False when the connection ends here: the client closed, was silent too long, or the server stops.
asio::awaitable<bool> HttpSession::wait_for_request() {
  if (context_->stopping || gone_) co_return false;
  if (buffer_.size() > 0) co_return true;
  idle_ = true;
  stream_.expires_after(asio_duration(context_->options.idle_timeout));
  error_code ec;
  const auto count = co_await stream_.async_read_some(buffer_.prepare(first_read), into(ec));
  buffer_.commit(count);
  idle_ = false;
  co_return !ec;
}

/// Reads and answers one request; false when the connection must not go on.
asio::awaitable<bool> HttpSession::serve() {
  Head head;
  head.header_limit(header_limit);
  head.body_limit(boost::none);
  stream_.expires_after(asio_duration(context_->options.header_timeout));
  error_code ec;
  co_await http::async_read_header(stream_, buffer_, head, into(ec));
  if (is_malformed(ec) && ec != http::error::partial_message) {
    co_return co_await close_with({}, Response::malformed(ec));
  }
  if (ec) co_return false;
  if (head.get().find(http::field::transfer_encoding) != head.get().end() && !head.chunked()) {
    // Its end cannot be told, so what follows must not be read as a request. Source: RFC 9112 section 6.3.
    co_return co_await close_with(peer_of(head), Response::malformed(http::error::bad_transfer_encoding));
  }
  const auto method = head.get().method_string();
  const auto target = head.get().target();
  auto where = route({method.data(), method.size()}, {target.data(), target.size()});
  co_return co_await serve_route(head, std::move(where));
}

asio::awaitable<bool> HttpSession::serve_route(Head& head, Route where) {
  switch (where.kind) {
    case Route::Kind::not_found:
      co_return co_await refuse(head, Response::text(http::status::not_found));
    case Route::Kind::wrong_method: {
      auto response = Response::text(http::status::method_not_allowed);
      response.allow = where.allow;
      co_return co_await refuse(head, std::move(response));
    }
    case Route::Kind::socket:
    case Route::Kind::flow_socket:
      co_return co_await upgrade(head, where);
    case Route::Kind::metrics:
    case Route::Kind::core:
    case Route::Kind::service:
      break;
  }
  const auto field = head.get().find(http::field::authorization);
  const bool given = field != head.get().end();
  const std::string_view header = given ? std::string_view(field->value()) : std::string_view();
  if (!authorised(given ? &header : nullptr, context_->options.api_token)) {
    co_return co_await refuse(head, Response::text(http::status::unauthorized));
  }
  if (where.kind == Route::Kind::metrics) co_return co_await serve_metrics(head, std::move(where.service));
  co_return co_await serve_call(head, std::move(where));
}

asio::awaitable<bool> HttpSession::serve_metrics(Head& head, std::string target) {
  const auto& options = context_->options;
  upstream_.emplace(stream_.get_executor());
  stream_.expires_never();
  auto result = co_await upstream_->get(options.prometheus, std::move(target), options.body_limit,
                                        options.idle_timeout);
  upstream_.reset();
  auto response = Response::text(http::status::internal_server_error);
  if (result.status != 0) {
    response.status = result.status;
    response.body = std::move(result.body);
  }
  co_return co_await refuse(head, std::move(response));
}

asio::awaitable<bool> HttpSession::serve_call(Head& head, Route where) {
  const auto peer = peer_of(head);
  const auto limit = context_->options.body_limit;
  if (head.content_length().value_or(0) > limit) {
    co_return co_await refuse(head, Response::of(context_->handler.body_too_large(limit)));
  }
  auto body = co_await read_body(head);
  if (!body) {
    if (!is_malformed(body_error_)) co_return false;
    auto response = body_error_ == http::error::body_limit
                        ? Response::of(context_->handler.body_too_large(limit))
                        : Response::malformed(body_error_);
    co_return co_await close_with(peer, std::move(response));
  }
  auto answer = co_await answer_to(std::move(where), std::move(*body));
  claim_.reset();
  if (!answer) co_return false;
  co_return co_await write(peer, Response::of(std::move(*answer)));
}

asio::awaitable<bool> HttpSession::upgrade(Head& head, const Route& where) {
  if (!token_matches(where.token, context_->options.api_token)) {
    co_return co_await refuse(head, Response::text(http::status::unauthorized));
  }
  if (!beast::websocket::is_upgrade(head.get())) {
    co_return co_await refuse(head,
                              Response::text(http::status::bad_request, "a WebSocket handshake is expected"));
  }
  if (buffer_.size() > 0) {
    co_return co_await refuse(head,
                              Response::text(http::status::bad_request, "data before the handshake's end"));
  }
  stream_.expires_never();
  std::optional<FlowSocket> flow;
  if (where.flow) flow = FlowSocket{where.direction, *where.flow, where.service};
  WebSocketSession::start(context_, stream_.release_socket(), head.release(), std::move(flow));
  co_return false;
}

/// The whole body; takes over `head`. Empty when the client went, stalled, or sent what it must not
/// (body_error_).
asio::awaitable<std::optional<std::string>> HttpSession::read_body(Head& head) {
  error_code ec;
  if (beast::iequals(head.get()[http::field::expect], "100-continue") && buffer_.size() == 0) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.expires_after(asio_duration(context_->options.idle_timeout));
    co_await asio::async_write(stream_, asio::buffer(go_on), into(ec));
    if (ec) co_return std::nullopt;
  }
  http::request_parser<http::buffer_body> parser(std::move(head));
  parser.body_limit(context_->options.body_limit);
  std::string body;
  body.reserve(std::min<std::size_t>(parser.content_length().value_or(0), 1u << 20));
  std::vector<char> part(chunk);
  while (!parser.is_done()) {
    parser.get().body().data = part.data();
    parser.get().body().size = part.size();
    stream_.expires_after(asio_duration(context_->options.idle_timeout));
    co_await http::async_read_some(stream_, buffer_, parser, into(ec));
    if (ec == http::error::need_buffer) ec = {};
    if (ec) break;
    body.append(part.data(), part.size() - parser.get().body().size);
    if (claim_ || body.size() < large_body) continue;
    const auto limit = context_->options.body_limit;
    if (!co_await claim_memory(std::min<std::size_t>(limit, parser.content_length().value_or(limit)))) {
      co_return std::nullopt;
    }
  }
  body_error_ = ec;
  if (ec) co_return std::nullopt;
  co_return body;
}

/// Empty when the client is gone.
asio::awaitable<std::optional<Answer>> HttpSession::answer_to(Route where, std::string body) {
  const auto request = ++request_;
  answer_.reset();
  context_->running.fetch_add(1);
  Reply reply = [weak = weak_from_this(), request](Answer answer) {
    const auto self = weak.lock();
    if (!self) return false;
    asio::post(self->stream_.get_executor(), [weak, request, answer = std::move(answer)]() mutable {
      if (const auto session = weak.lock()) session->answered(request, std::move(answer));
    });
    return true;
  };
  if (where.kind == Route::Kind::core) {
    where.core.body = std::move(body);
    context_->handler.core(std::move(where.core), std::move(reply));
  } else {
    context_->handler.http({std::move(where.flow), std::move(where.service), std::move(body)},
                           std::move(reply));
  }
  co_await wait_for([this] { return answer_.has_value(); });
  context_->running.fetch_sub(1);
  co_return std::exchange(answer_, std::nullopt);
}

/// Waits until there is room for a large body; false when the client is gone meanwhile.
asio::awaitable<bool> HttpSession::claim_memory(std::size_t bytes) {
  claim_ = context_->bodies->claim(bytes, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->stream_.get_executor(), [weak] {
      if (const auto session = weak.lock()) session->signal_.cancel();
    });
  });
  co_await wait_for([this] { return claim_->granted(); });
  co_return !gone_;
}

/// Waits for `done`, which something that cancels signal_ makes true, or for the end of the connection.
asio::awaitable<void> HttpSession::wait_for(std::function<bool()> done) {
  if (done()) co_return;
  stream_.expires_never();
  gives_up_ = std::chrono::steady_clock::time_point::max();
  watch_peer();
  while (!done() && !gone_) {
    error_code ec;
    signal_.expires_at(gives_up_);
    co_await signal_.async_wait(into(ec));
    if (!ec) gone_ = true;
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
    if (end != asio::error::eof) return;
    self->gives_up_ = std::chrono::steady_clock::now() + asio_duration(self->context_->options.idle_timeout);
    self->signal_.cancel();
  });
}

/// Answers without looking at the request's body.
asio::awaitable<bool> HttpSession::refuse(Head& head, Response response) {
  const auto peer = peer_of(head);
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
asio::awaitable<bool> HttpSession::close_with(Peer peer, Response response) {
  response.close = true;
  (void)co_await write(peer, std::move(response));
  co_await linger();
  co_return false;
}

HttpSession::Peer HttpSession::peer_of(const Head& head) {
  const auto& message = head.get();
  return {message.version(), message.keep_alive(), message.method() == http::verb::head};
}

/// False when the connection must not go on.
asio::awaitable<bool> HttpSession::write(Peer peer, Response response) {
  const bool keep = peer.keep_alive && !response.close && !context_->stopping;
  http::response<http::string_body> message;
  message.version(peer.version);
  message.result(response.status);
  message.set(http::field::server, "omnibus/" OMNIBUS_VERSION);
  message.set(http::field::content_type, response.type);
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  message.keep_alive(keep);
  if (!peer.head_method) message.body() = std::move(response.body);
  message.prepare_payload();
  http::response_serializer<http::string_body> serializer(message);
  error_code ec;
  while (!ec && !serializer.is_done()) {
    stream_.expires_after(asio_duration(context_->options.idle_timeout));
    co_await http::async_write_some(stream_, serializer, into(ec));
  }
  co_return !ec && keep;
}

/// Reads on for a moment before closing: closing with unread data would make the peer's kernel drop our
/// answer.
asio::awaitable<void> HttpSession::linger() {
  error_code ec;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ec);
  stream_.expires_after(
      asio_duration(std::min<Duration>(context_->options.idle_timeout, std::chrono::seconds(5))));
  std::vector<char> part(chunk);
  idle_ = true;  // a stop need not wait for this
  while (!ec && !context_->stopping) co_await stream_.async_read_some(asio::buffer(part), into(ec));
}

}  // namespace omnibus::gateway
