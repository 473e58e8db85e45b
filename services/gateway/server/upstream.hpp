#pragma once

/// Where requests for metrics are passed on to.

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <omnibus/time.hpp>

namespace omnibus::gateway {

/// The parts of a Prometheus server's URL.
struct Upstream {
  std::string host = "prometheus";
  std::string port = "9090";
  std::string path = {};  ///< before "/api/v1"

  /// Errors: ConfigError when it is not `http://HOST[:PORT][/PATH]`.
  static Upstream parse(std::string_view url);
};

/// One GET to it. Threads: everything on the executor that it was made with.
class UpstreamCall {
 public:
  struct Result {
    unsigned status = 0;  ///< 0: no answer
    std::string body = {};
  };

  explicit UpstreamCall(const boost::asio::any_io_executor& executor)
      : resolver_(executor), stream_(executor) {}

  /// `target` follows "/api/v1/". Limits: `most` bytes of body; `timeout` for connecting and for the answer.
  boost::asio::awaitable<Result> get(const Upstream& upstream, std::string target, std::size_t most,
                                     Duration timeout);
  /// Ends a running get.
  void cancel();

 private:
  boost::asio::ip::tcp::resolver resolver_;
  boost::beast::tcp_stream stream_;
};

}  // namespace omnibus::gateway
