#pragma once

/// Clients that are there while others are measured: idle ones, and ones that ask and hardly read.

#include <memory>
#include <vector>

#include "gateway_bench/loop.hpp"
#include "gateway_bench/socket_client.hpp"

namespace omnibus::app::gateway_bench {

/// WebSockets on the loop. Threads: one.
class Crowd {
 public:
  /// `plan` outlives it.
  Crowd(Loop& loop, const Endpoint& endpoint, const Plan& plan)
      : loop_(loop), endpoint_(endpoint), plan_(plan) {}
  /// Closes all.
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Opens WebSockets that only answer pings. Errors: as Load::run.
  void open_idle(std::size_t count);
  /// Opens WebSockets that send their requests as fast as they are taken, and read a kilobyte a second.
  /// Returns when they have sent all that the server takes, and it has had two seconds for that.
  void open_slow_readers(std::size_t count);
  /// How many have been cut off.
  std::size_t lost() const noexcept { return lost_; }

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  void open(std::size_t count, bool slow);
  Awaitable<void> open_some();
  Awaitable<void> live(SocketClient& client, bool slow);
  Awaitable<void> send_all(SocketClient& client);
  Awaitable<void> read_slowly(SocketClient& client);
  Awaitable<void> settle();

  Loop& loop_;
  const Endpoint endpoint_;
  const Plan& plan_;
  struct Member {
    std::unique_ptr<SocketClient> client;
    bool slow = false;
  };
  std::vector<Member> members_;
  std::size_t next_ = 0;     // to be connected
  std::size_t opening_ = 0;  // coroutines
  std::size_t living_ = 0;
  std::size_t sent_ = 0;  // requests of slow readers
  std::size_t lost_ = 0;
  bool closing_ = false;
  std::string failure_;
};

}  // namespace omnibus::app::gateway_bench
