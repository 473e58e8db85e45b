#include "services/gateway/server/upstream.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/server/context.hpp"
#include "services/gateway/server/into.hpp"

namespace omnibus::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

UpstreamCall::Result failed(const Upstream& upstream, const error_code& ec) {
  log::write(log::Level::warning, "gateway: no metrics from " + upstream.host + ": " + ec.message());
  return {};
}

}  // namespace

Upstream Upstream::parse(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  const auto rest = url.starts_with(scheme) ? url.substr(scheme.size()) : std::string_view();
  const auto authority = rest.substr(0, rest.find('/'));
  const bool bracketed = authority.starts_with('[');
  const auto end = bracketed ? authority.find(']') : authority.find(':');
  auto host =
      authority.substr(bracketed ? 1 : 0, end == std::string_view::npos ? end : end - (bracketed ? 1 : 0));
  auto port =
      end == std::string_view::npos ? std::string_view() : authority.substr(end + (bracketed ? 1 : 0));
  const bool given = port.starts_with(':');
  if (given) port.remove_prefix(1);
  const bool number = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (host.empty() || (given ? !number : !port.empty())) {
    throw ConfigError("'" + std::string(url) + "' is no address of Prometheus", "it takes http://HOST:PORT");
  }
  auto path = rest.substr(authority.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  return {std::string(host), given ? std::string(port) : "80", std::string(path)};
}

asio::awaitable<UpstreamCall::Result> UpstreamCall::get(const Upstream& upstream, std::string target,
                                                        std::size_t most, Duration timeout) {
  error_code ec;
  const auto addresses = co_await resolver_.async_resolve(upstream.host, upstream.port, into(ec));
  if (ec) co_return failed(upstream, ec);
  stream_.expires_after(asio_duration(timeout));
  co_await stream_.async_connect(addresses, into(ec));
  if (ec) co_return failed(upstream, ec);
  http::request<http::empty_body> request(http::verb::get, upstream.path + "/api/v1/" + target, 11);
  request.set(http::field::host, upstream.host + ":" + upstream.port);
  request.keep_alive(false);
  co_await http::async_write(stream_, request, into(ec));
  if (ec) co_return failed(upstream, ec);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(most);
  co_await http::async_read(stream_, buffer, parser, into(ec));
  stream_.close();
  if (ec) co_return failed(upstream, ec);
  Result result;
  result.status = parser.get().result_int();
  result.body = std::move(parser.get().body());
  co_return result;
}

void UpstreamCall::cancel() {
  resolver_.cancel();
  stream_.close();
}

}  // namespace omnibus::gateway
