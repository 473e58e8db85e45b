#include "integration/http.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace omnibus::integration {
namespace {

namespace http = boost::beast::http;
using tcp = boost::asio::ip::tcp;

std::string exchange(const std::string& port, http::request<http::string_body> request) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  boost::asio::connect(socket, tcp::resolver(context).resolve("127.0.0.1", port));
  const timeval limit{.tv_sec = 60, .tv_usec = 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  request.set(http::field::host, "127.0.0.1");
  request.prepare_payload();
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  return response.body();
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
