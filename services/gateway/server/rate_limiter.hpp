#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include <boost/asio/ip/address.hpp>

#include <omnibus/time.hpp>

namespace omnibus::gateway {

/// Lets every address have so many requests per second, as many at once after a quiet second. Remembers only
/// addresses of the last second or so. Threads: any.
class RateLimiter {
 public:
  /// 0: no limit.
  explicit RateLimiter(std::size_t per_second) : per_second_(per_second) {}
  /// Takes one request at `now`: zero; or how long until there is room for it, and nothing is taken.
  Duration take(const boost::asio::ip::address& address, TimePoint now);
  std::size_t addresses() const;

 private:
  void forget_quiet(TimePoint now);  // under mutex_

  const std::size_t per_second_;
  mutable std::mutex mutex_;  // guards what follows
  /// When the address will have its whole second's worth again.
  std::map<boost::asio::ip::address, TimePoint> full_at_;
  TimePoint forgotten_ = {};
};

}  // namespace omnibus::gateway
