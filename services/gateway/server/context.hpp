#pragma once

/// What the sessions of one server share.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "services/gateway/server/byte_budget.hpp"
#include "services/gateway/server/origins.hpp"
#include "services/gateway/server/rate_limiter.hpp"
#include "services/gateway/server/server.hpp"
#include "services/gateway/server/tls.hpp"

namespace omnibus::gateway {

/// A connected client. Threads: any; both calls return at once.
class Session {
 public:
  virtual ~Session() = default;
  /// Takes no more requests, finishes the running ones, closes.
  virtual void drain() = 0;
  /// Closes now.
  virtual void abort() = 0;
};

/// The sessions alive. A session is in it from its construction until its destruction. Threads: any.
class Sessions {
 public:
  /// Keeps a session registered; lives as its member.
  class Registration {
   public:
    Registration(Sessions& sessions, Session* session) : sessions_(sessions), session_(session) {}
    ~Registration() { sessions_.remove(session_); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    Sessions& sessions_;
    Session* session_;
  };

  void add(const std::shared_ptr<Session>& session);
  std::size_t size() const;
  /// Called after a session went, without a lock held.
  void on_remove(std::function<void()> hook) { removed_hook_ = std::move(hook); }
  std::vector<std::shared_ptr<Session>> all() const;
  /// True when every session is gone before `deadline`.
  bool wait_empty(TimePoint deadline);

 private:
  void remove(Session* session);

  std::function<void()> removed_hook_;  // set before the first session
  mutable std::mutex mutex_;            // guards sessions_
  std::condition_variable emptied_;
  std::map<Session*, std::weak_ptr<Session>> sessions_;
};

/// Smaller bodies are not counted.
inline constexpr std::size_t large_body = 1u << 20;

/// An I/O context for each thread: what comes for a client is handled on one of them, and wakes no other.
class IoThreads {
 public:
  explicit IoThreads(unsigned count) {
    constexpr int one_thread = 1;
    do contexts_.push_back(std::make_unique<boost::asio::io_context>(one_thread));
    while (contexts_.size() < count);
  }
  const std::vector<std::unique_ptr<boost::asio::io_context>>& all() const noexcept { return contexts_; }
  /// For the next client; they take turns. Threads: one at a time.
  boost::asio::io_context& next() noexcept { return *contexts_[next_++ % contexts_.size()]; }

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::size_t next_ = 0;
};

/// Sessions hold it, so that the I/O contexts outlive every socket.
struct Context {
  Context(ServerOptions given, Handler& serving)
      : options(std::move(given)),
        handler(serving),
        origins(options.origins),
        rate(options.max_request_rate),
        tls(make_tls(options.tls_certificate, options.tls_key)),
        io(options.threads),
        bodies(std::make_shared<ByteBudget>(options.body_memory)) {}

  const ServerOptions options;
  Handler& handler;
  const Origins origins;
  RateLimiter rate;
  const std::unique_ptr<boost::asio::ssl::context> tls;  ///< null: plain
  IoThreads io;
  std::atomic<bool> stopping{false};
  const std::shared_ptr<ByteBudget> bodies;  ///< of bodies and messages above `large_body`
  std::atomic<std::size_t> running{0};       ///< requests taken and not yet answered
  std::atomic<std::size_t> queued{0};        ///< bytes of answers that wait for WebSocket clients to read
  Sessions sessions;
};

/// std::chrono::nanoseconds as a timeout of Asio's clock; very long ones do not overflow.
inline std::chrono::steady_clock::duration asio_duration(Duration duration) {
  return std::min<Duration>(duration, std::chrono::hours(24 * 365));
}

}  // namespace omnibus::gateway
