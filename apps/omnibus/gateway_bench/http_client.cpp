#include "gateway_bench/http_client.hpp"

#include <fmt/format.h>
#include <boost/asio/write.hpp>

#include "services/gateway/server/into.hpp"

namespace omnibus::app::gateway_bench {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using gateway::into;

namespace {

std::string request_text(const Target& target, std::string_view body) {
  const auto token = target.token.empty() ? "" : "Authorization: Bearer " + target.token + "\r\n";
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      service_path(target), authority_of(target), token, body.size(), body);
}

}  // namespace

HttpClient::HttpClient(asio::io_context& io, const Endpoint& endpoint, const Target& target,
                       std::string_view body)
    : endpoint_(endpoint), request_(request_text(target, body)), socket_(io) {}

asio::awaitable<std::string> HttpClient::connect() {
  error_code ec;
  close();
  buffer_.clear();
  co_await socket_.async_connect(endpoint_, into(ec));
  if (ec) co_return ec.message();
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  socket_.non_blocking(true, ec);  // else the write in send() may wait
  co_return std::string();
}

void HttpClient::close() {
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<Outcome> HttpClient::ask() {
  Response response;
  response.body_limit(boost::none);
  response.eager(true);
  auto ec = co_await send();
  if (!ec) ec = co_await receive(response);
  if (ec) {
    close();
    co_return Outcome{ec == http::error::end_of_stream ? "the connection was closed" : ec.message(), false};
  }
  const auto& message = response.get();
  Outcome outcome{refusal_of(message.result_int(), message.body(), false), message.keep_alive()};
  if (!outcome.connected) close();
  co_return outcome;
}

/// At once where the socket has room for it.
asio::awaitable<error_code> HttpClient::send() {
  error_code ec;
  const auto sent = socket_.write_some(asio::buffer(request_), ec);
  if (ec && ec != asio::error::would_block) co_return ec;
  ec = {};
  if (sent == request_.size()) co_return ec;
  co_await asio::async_write(socket_, asio::buffer(request_) + sent, into(ec));
  co_return ec;
}

asio::awaitable<error_code> HttpClient::receive(Response& response) {
  constexpr std::size_t part = 16u << 10;
  error_code ec;
  while (true) {
    ec = parse(response);
    if (ec || response.is_done()) co_return ec;
    buffer_.commit(co_await socket_.async_read_some(buffer_.prepare(part), into(ec)));
    if (ec == asio::error::eof) {
      if (!response.got_some()) co_return http::make_error_code(http::error::end_of_stream);
      ec = {};
      response.put_eof(ec);
      if (ec || response.is_done()) co_return ec;
    }
    if (ec) co_return ec;
  }
}

/// Takes what is in the buffer.
error_code HttpClient::parse(Response& response) {
  error_code ec;
  if (buffer_.size() == 0) return ec;
  buffer_.consume(response.put(buffer_.data(), ec));
  return ec == http::error::need_more ? error_code() : ec;
}

}  // namespace omnibus::app::gateway_bench
