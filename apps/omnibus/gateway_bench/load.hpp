#pragma once

/// One measurement: clients that each ask, wait for the answer, and ask again.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway_bench/client.hpp"
#include "gateway_bench/loop.hpp"

namespace omnibus::app::gateway_bench {

/// What one measurement gave.
struct Measured {
  Protocol protocol = Protocol::http;
  std::size_t connections = 0;
  bool beside_slow_readers = false;
  double seconds = 0;
  std::vector<std::int64_t> latencies = {};            ///< of good answers, nanoseconds, ascending
  std::map<std::string, std::uint64_t> failures = {};  ///< how often, by what it was

  std::uint64_t errors() const;
  double rate() const { return seconds > 0 ? static_cast<double>(latencies.size()) / seconds : 0; }
  /// Microseconds; 0 when nothing was answered.
  double latency(double share) const;
};

/// Threads: one.
class Load {
 public:
  Load(Loop& loop, const Endpoint& endpoint, const Plan& plan, Protocol protocol, std::size_t connections);
  /// Connects all, asks once with each, then measures. Errors: Error{unavailable} when a connection cannot be
  /// had; Error{protocol} when the first request is refused; TimeoutError when it is not answered.
  Measured run();

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  void prepare();
  Awaitable<void> prepare_some();
  Awaitable<void> ask_on(Client& client);
  Awaitable<bool> connect_again(Client& client);
  bool take_request();
  void left();
  void close_all();
  std::string what() const;

  Loop& loop_;
  const Plan& plan_;
  Measured result_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t next_ = 0;     // to be prepared
  std::size_t running_ = 0;  // coroutines
  std::exception_ptr failure_;
  TimePoint began_, ends_at_, last_answer_;
  std::uint64_t asked_ = 0;
  bool over_ = false;
};

}  // namespace omnibus::app::gateway_bench
