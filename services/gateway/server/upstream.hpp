#pragma once

/// Where requests for metrics are passed on to.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <omnibus/time.hpp>

#include "services/gateway/server/name_lookup.hpp"

namespace omnibus::gateway {

/// The parts of a Prometheus server's URL.
struct Upstream {
  std::string host = "prometheus";
  std::string port = "9090";
  std::string path = {};          ///< before "/api/v1"
  std::string name_servers = {};  ///< "ADDRESS:PORT" instead of the system's

  /// Errors: ConfigError when it is not `http://HOST[:PORT][/PATH]`.
  static Upstream parse(std::string_view url);
};

/// One GET to it. Threads: everything on the executor that it was made with.
class UpstreamCall {
 public:
  struct Result {
    unsigned status = 0;  ///< 0: no answer
    std::string body = {};
    bool late = false;  ///< no answer, because it did not come in time
  };
  struct Limits {
    std::size_t body;  ///< bytes of the answer
    Duration timeout;  ///< for all of it
    /// Waits for the memory of a large answer; false: it is not wanted any more.
    std::function<boost::asio::awaitable<bool>(std::size_t bytes)> claim;
  };

  UpstreamCall(const boost::asio::any_io_executor& executor, const Upstream& upstream)
      : upstream_(upstream), names_(executor, upstream.name_servers), stream_(executor) {}

  /// `target` follows "/api/v1/".
  boost::asio::awaitable<Result> get(std::string target, Limits limits);
  /// Ends a running get.
  void cancel();

 private:
  boost::asio::awaitable<Result> ask(std::string target, const Limits& limits);
  Result failed(const std::string& why, bool late = false) const;
  Result failed(const boost::system::error_code& ec) const;

  const Upstream& upstream_;
  NameLookup names_;
  boost::beast::tcp_stream stream_;
  bool cancelled_ = false;
};

}  // namespace omnibus::gateway
