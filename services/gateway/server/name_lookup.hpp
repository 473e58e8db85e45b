#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace omnibus::gateway {

/// Looks a host up without a thread: cancel() ends it at once, however long name servers keep silent.
/// Threads: everything on the executor that it was made with.
class NameLookup {
 public:
  struct Found {
    std::string failure = {};  ///< empty: none
    std::vector<boost::asio::ip::tcp::endpoint> addresses = {};
  };

  /// `name_servers`: "ADDRESS:PORT" instead of the system's, for tests.
  explicit NameLookup(boost::asio::any_io_executor executor, std::string name_servers = {});
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// One at a time. `port` in digits.
  boost::asio::awaitable<Found> find(std::string host, std::string port,
                                     std::chrono::steady_clock::duration timeout);
  /// Ends a running find as a failure.
  void cancel();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace omnibus::gateway
