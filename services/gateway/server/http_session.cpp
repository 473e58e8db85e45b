#include "services/gateway/server/http_session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <omnibus/log.hpp>

#include "core/text.hpp"
#include "services/gateway/server/into.hpp"
#include "services/gateway/server/websocket_session.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t header_limit = 16u << 10;
constexpr std::size_t first_read = 4u << 10;  // what an idle connection keeps
/// Above the parser's read size and a whole head; bounds chunk extensions and trailers, which the parser does
/// not.
constexpr std::size_t buffer_limit = 128u << 10;

/// Of a client: only what is harmless in a header field and in the log.
bool is_request_id(std::string_view id) {
  constexpr std::size_t most = 64;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !id.empty() && id.size() <= most && id.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

HttpSession::HttpSession(std::shared_ptr<Context> context, asio::ip::tcp::socket socket)
    : context_(std::move(context)),
      registration_(context_->sessions, this),
      executor_(socket.get_executor()),
      stream_(std::move(socket), context_->tls.get()),
      buffer_(buffer_limit),
      signal_(executor_) {
  error_code gone;
  address_ = stream_.socket().remote_endpoint(gone).address();
}

void HttpSession::start(std::shared_ptr<Context> context, asio::ip::tcp::socket socket) {
  const auto session = std::make_shared<HttpSession>(std::move(context), std::move(socket));
  session->context_->sessions.add(session);
  asio::co_spawn(session->executor_, session->run(), [session](const std::exception_ptr&) {});
}

void HttpSession::drain() {
  asio::post(executor_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->idle_) self->stream_.tcp().cancel();
  });
}

void HttpSession::abort() {
  asio::post(executor_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->handed_over_) return;
    self->gone_ = true;
    if (self->upstream_) self->upstream_->cancel();
    self->stream_.tcp().close();
    self->signal_.cancel();
  });
}

asio::awaitable<void> HttpSession::run() {
  try {
    error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    stream_.socket().set_option(asio::socket_base::keep_alive(true), ignored);
    stream_.socket().non_blocking(true, ignored);  // else the look in watch_for_end may wait
    bool goes_on = co_await secure();
    while (goes_on) {
      goes_on = co_await wait_for_request();
      if (goes_on) goes_on = co_await serve();
    }
    if (!handed_over_) co_await say_goodbye();
  } catch (const std::exception& error) {
    log::write(log::Level::warning, std::string("gateway: a connection failed: ") + error.what());
    if (!handed_over_) stream_.tcp().close();
  }
}

/// The TLS handshake has the time of a request's head. False when there can be no request.
asio::awaitable<bool> HttpSession::secure() {
  if (stream_.tls() == nullptr) co_return true;
  if (context_->stopping) co_return false;
  idle_ = true;
  stream_.tcp().expires_after(asio_duration(context_->options.header_timeout));
  const bool secured = co_await stream_.handshake();
  idle_ = false;
  if (!secured && !context_->stopping) context_->handler.cut_off("tls-handshake");
  co_return secured;
}

asio::awaitable<void> HttpSession::say_goodbye() {
  constexpr auto patience = std::chrono::seconds(1);
  idle_ = true;
  stream_.tcp().expires_after(patience);
  if (stream_.tls() != nullptr && !gone_) co_await stream_.finish_writing();
  error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  stream_.tcp().close();
}

/// False when the connection ends here: the client closed, was silent too long, or the server stops.
asio::awaitable<bool> HttpSession::wait_for_request() {
  if (context_->stopping || gone_) co_return false;
  if (buffer_.size() > 0) co_return true;
  idle_ = true;
  stream_.tcp().expires_after(asio_duration(context_->options.idle_timeout));
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
  stream_.tcp().expires_after(asio_duration(context_->options.header_timeout));
  error_code ec;
  co_await http::async_read_header(stream_, buffer_, head, into(ec));
  if (is_malformed(ec) && ec != http::error::partial_message) {
    HttpPeer nobody;
    co_return co_await close_with(std::move(nobody), HttpResponse::malformed(ec));
  }
  if (ec == beast::error::timeout) context_->handler.cut_off("slow-head");
  if (ec) co_return false;
  const auto method = head.get().method_string();
  const auto target = head.get().target();
  auto where = route({method.data(), method.size()}, {target.data(), target.size()});
  if (head.get().find(http::field::transfer_encoding) != head.get().end() && !head.chunked()) {
    // Its end cannot be told, so what follows must not be read as a request. Source: RFC 9112 section 6.3.
    co_return co_await close_with(peer_of(head, where),
                                  HttpResponse::malformed(http::error::bad_transfer_encoding));
  }
  if (head.get().method() == http::verb::options && !context_->origins.empty()) {
    auto response = HttpResponse::text(http::status::ok);
    response.preflight = !peer_of(head, where).origin.empty();
    co_return co_await refuse(head, where, std::move(response));
  }
  if (where.kind != Route::Kind::health && context_->rate.take(address_, Clock::now()) > Duration::zero()) {
    auto response = HttpResponse::text(http::status::too_many_requests);
    response.wait = true;
    co_return co_await refuse(head, where, std::move(response));
  }
  co_return co_await serve_route(head, std::move(where));
}

asio::awaitable<bool> HttpSession::serve_route(Head& head, Route where) {
  switch (where.kind) {
    case Route::Kind::not_found:
      co_return co_await refuse(head, where, HttpResponse::text(http::status::not_found));
    case Route::Kind::wrong_method: {
      auto response = HttpResponse::text(http::status::method_not_allowed);
      response.allow = where.allow;
      co_return co_await refuse(head, where, std::move(response));
    }
    case Route::Kind::health: {
      HttpResponse alive;
      alive.body = R"({"status": "alive"})";
      co_return co_await refuse(head, where, std::move(alive));
    }
    case Route::Kind::page: {
      const auto known = head.get()[http::field::if_none_match];
      co_return co_await refuse(head, where, HttpResponse::of(*where.file, {known.data(), known.size()}));
    }
    case Route::Kind::socket:
    case Route::Kind::flow_socket:
      co_return co_await upgrade(head, where);
    case Route::Kind::ready:
    case Route::Kind::status:
    case Route::Kind::metrics:
    case Route::Kind::core:
    case Route::Kind::service:
      break;
  }
  const auto field = head.get().find(http::field::authorization);
  const bool given = field != head.get().end();
  const std::string_view header = given ? std::string_view(field->value()) : std::string_view();
  if (!authorised(given ? &header : nullptr, context_->options.api_token)) {
    co_return co_await refuse(head, where, HttpResponse::text(http::status::unauthorized));
  }
  if (where.kind == Route::Kind::metrics) co_return co_await serve_metrics(head, where);
  co_return co_await serve_call(head, std::move(where));
}

asio::awaitable<bool> HttpSession::serve_metrics(Head& head, const Route& where) {
  const auto& options = context_->options;
  upstream_.emplace(executor_, options.prometheus);
  stream_.tcp().expires_never();
  auto result = co_await upstream_->get(
      where.service, {options.body_limit, options.timeout, [this](auto size) { return claim_memory(size); }});
  upstream_.reset();
  if (gone_) co_return false;
  auto fits = http::status::internal_server_error;
  if (options.strict) fits = result.late ? http::status::gateway_timeout : http::status::bad_gateway;
  auto response = HttpResponse::text(fits);
  if (result.status != 0) {
    response.status = result.status;
    response.body = std::move(result.body);
  }
  const bool goes_on = co_await refuse(head, where, std::move(response));
  claim_.reset();
  co_return goes_on;
}

asio::awaitable<bool> HttpSession::serve_call(Head& head, Route where) {
  const auto peer = peer_of(head, where);
  const auto limit = context_->options.body_limit;
  if (head.content_length().value_or(0) > limit) {
    co_return co_await refuse(head, where, HttpResponse::of(context_->handler.body_too_large(limit)));
  }
  auto body = co_await read_body(head);
  if (!body) {
    if (body_error_ == beast::error::timeout) context_->handler.cut_off("slow-body");
    if (!is_malformed(body_error_)) co_return false;
    auto response = body_error_ == http::error::body_limit
                        ? HttpResponse::of(context_->handler.body_too_large(limit))
                        : HttpResponse::malformed(body_error_);
    co_return co_await close_with(peer, std::move(response));
  }
  auto answer = co_await answer_to(peer, std::move(where), std::move(*body));
  claim_.reset();
  if (!answer) co_return false;
  co_return co_await write(peer, HttpResponse::of(std::move(*answer)));
}

asio::awaitable<bool> HttpSession::upgrade(Head& head, const Route& where) {
  if (!token_matches(where.token, context_->options.api_token)) {
    co_return co_await refuse(head, where, HttpResponse::text(http::status::unauthorized));
  }
  const auto origin = head.get()[http::field::origin];
  const auto host = head.get()[http::field::host];
  if (!context_->origins.admits({origin.data(), origin.size()}) &&
      !Origins::is_own({origin.data(), origin.size()}, {host.data(), host.size()})) {
    co_return co_await refuse(head, where,
                              HttpResponse::text(http::status::forbidden, "not from this origin"));
  }
  if (!beast::websocket::is_upgrade(head.get())) {
    co_return co_await refuse(
        head, where, HttpResponse::text(http::status::bad_request, "a WebSocket handshake is expected"));
  }
  if (buffer_.size() > 0) {
    co_return co_await refuse(
        head, where, HttpResponse::text(http::status::bad_request, "data before the handshake's end"));
  }
  stream_.tcp().expires_never();
  constexpr unsigned switching = 101;
  context_->handler.count(route_name(where), switching);
  auto request_id = peer_of(head, where).request_id;
  std::optional<FlowSocket> flow;
  if (where.flow) flow = FlowSocket{where.direction, *where.flow, where.service, request_id};
  handed_over_ = true;
  WebSocketSession::start(context_, std::move(stream_), head.release(), std::move(request_id),
                          std::move(flow));
  co_return false;
}

HttpPeer HttpSession::peer_of(const Head& head, const Route& where) const {
  const auto& message = head.get();
  const auto origin = message[http::field::origin];
  const auto given = message["X-Request-Id"];
  HttpPeer peer{message.version(), message.keep_alive(), message.method() == http::verb::head};
  peer.request_id = is_request_id({given.data(), given.size()}) ? std::string(given) : text::uuid();
  if (!context_->origins.empty() && !origin.empty() &&
      context_->origins.admits({origin.data(), origin.size()})) {
    peer.origin = std::string(origin);
  }
  peer.route = route_name(where);
  return peer;
}

}  // namespace omnibus::gateway
