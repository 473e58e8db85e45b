#pragma once

#include <optional>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "gateway_bench/client.hpp"

namespace omnibus::app::gateway_bench {

/// Posts the same bytes over one connection that is kept.
class HttpClient final : public Client {
 public:
  HttpClient(boost::asio::io_context& io, const Endpoint& endpoint, const Target& target,
             std::string_view body);

  boost::asio::awaitable<std::string> connect() override;
  boost::asio::awaitable<Outcome> ask() override;
  void close() override;

 private:
  using Response = boost::beast::http::response_parser<boost::beast::http::string_body>;

  boost::asio::awaitable<boost::system::error_code> send();
  boost::asio::awaitable<boost::system::error_code> receive(Response& response);
  boost::system::error_code parse(Response& response);

  const Endpoint endpoint_;
  const std::string request_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace omnibus::app::gateway_bench
