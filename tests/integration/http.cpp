#include "integration/http.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace omnibus::integration {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto limit = std::chrono::seconds(60);  ///< for the whole exchange

asio::awaitable<std::string> talk(tcp::endpoint server, http::request<http::string_body> request) {
  boost::beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(limit);
  co_await stream.async_connect(server, asio::use_awaitable);
  co_await http::async_write(stream, request, asio::use_awaitable);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  co_await http::async_read(stream, buffer, response, asio::use_awaitable);
  co_return response.body();
}

std::string exchange(const std::string& port, http::request<http::string_body> request) {
  request.set(http::field::host, "127.0.0.1");
  request.prepare_payload();
  const tcp::endpoint server(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoul(port)));
  asio::io_context context;
  auto body = asio::co_spawn(context, talk(server, std::move(request)), asio::use_future);
  context.run();
  return body.get();
}

}  // namespace

boost::json::value post(const std::string& port, const std::string& path, const boost::json::value& body) {
  return boost::json::parse(exchange(
      port, http::request<http::string_body>{http::verb::post, path, 11, boost::json::serialize(body)}));
}

std::string get(const std::string& port, const std::string& path) {
  return exchange(port, http::request<http::string_body>{http::verb::get, path, 11});
}

}  // namespace omnibus::integration
