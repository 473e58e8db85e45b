#include "services/gateway/server/upstream.hpp"

#include <algorithm>

#include <boost/beast/core/error.hpp>
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
  constexpr std::size_t most_digits = 5;
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  const bool number = digits && port.size() <= most_digits && std::stoul(std::string(port)) <= 65535;
  if (host.empty() || (given ? !number : !port.empty())) {
    throw ConfigError("'" + std::string(url) + "' is no address of Prometheus", "it takes http://HOST:PORT");
  }
  auto path = rest.substr(authority.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  return {std::string(host), given ? std::string(port) : "80", std::string(path)};
}

UpstreamCall::Result UpstreamCall::failed(const std::string& why, bool late) const {
  if (!cancelled_) log::write(log::Level::warning, "gateway: no metrics from " + upstream_.host + ": " + why);
  return {.late = late};
}

UpstreamCall::Result UpstreamCall::failed(const error_code& ec) const {
  return failed(ec.message(), ec == boost::beast::error::timeout);
}

asio::awaitable<UpstreamCall::Result> UpstreamCall::get(std::string target, Limits limits) {
  const auto timeout = asio_duration(limits.timeout);
  const auto until = std::chrono::steady_clock::now() + timeout;
  const auto found = co_await names_.find(upstream_.host, upstream_.port, timeout);
  if (!found.failure.empty()) {
    co_return failed(found.failure, std::chrono::steady_clock::now() >= until);
  }
  if (cancelled_) co_return failed("cancelled");
  error_code ec;
  stream_.expires_at(until);
  co_await stream_.async_connect(found.addresses, into(ec));
  if (ec) co_return failed(ec);
  co_return co_await ask(std::move(target), limits);
}

asio::awaitable<UpstreamCall::Result> UpstreamCall::ask(std::string target, const Limits& limits) {
  http::request<http::empty_body> request(http::verb::get, upstream_.path + "/api/v1/" + target, 11);
  request.set(http::field::host, upstream_.host + ":" + upstream_.port);
  request.keep_alive(false);
  error_code ec;
  co_await http::async_write(stream_, request, into(ec));
  if (ec) co_return failed(ec);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(limits.body);
  co_await http::async_read_header(stream_, buffer, parser, into(ec));
  bool claimed = false;
  while (!ec && !parser.is_done()) {
    co_await http::async_read_some(stream_, buffer, parser, into(ec));
    if (claimed || parser.get().body().size() < large_body) continue;
    claimed = true;
    const auto bytes = std::min<std::uint64_t>(limits.body, parser.content_length().value_or(limits.body));
    if (!co_await limits.claim(bytes)) co_return failed("the client is gone");
  }
  stream_.close();
  if (ec) co_return failed(ec);
  co_return Result{.status = parser.get().result_int(), .body = std::move(parser.get().body())};
}

void UpstreamCall::cancel() {
  cancelled_ = true;
  names_.cancel();
  stream_.close();
}

}  // namespace omnibus::gateway
