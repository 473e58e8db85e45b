#pragma once

/// The one thread that all clients run on.

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include <omnibus/time.hpp>

namespace omnibus::app::gateway_bench {

/// Runs coroutines and tells on standard error how far they are. Threads: one.
class Loop {
 public:
  /// Without `moved()` for so long, run() ends.
  explicit Loop(Duration patience);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& io() noexcept { return io_; }
  /// Something came from the server.
  void moved() noexcept { moved_ = Clock::now(); }
  /// Ends run() once the running callback has returned.
  void finish() { io_.stop(); }

  enum class End : std::uint8_t { finished, impatient, interrupted };
  /// Until finish(); `progress` is what to show meanwhile.
  End run(const std::function<std::string()>& progress);

 private:
  void show(const std::string& text);

  boost::asio::io_context io_;
  const Duration patience_;
  const bool terminal_;
  TimePoint moved_ = Clock::now();
  TimePoint shown_ = Clock::now();
};

}  // namespace omnibus::app::gateway_bench
