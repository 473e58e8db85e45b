#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <omnibus/framework/request_response.hpp>

namespace omnibus::framework::detail {

class PendingRequest;

/// What a pending request needs of its client. Threads: any; called without a lock of the request's.
class RequestOwner {
 public:
  virtual ~RequestOwner() = default;
  virtual void send(const std::shared_ptr<PendingRequest>& pending, const void* request) = 0;
  virtual void ended(const std::shared_ptr<PendingRequest>& pending) noexcept = 0;
  /// A pending request that was full has room.
  virtual void room() noexcept = 0;
  virtual Bus& pool() noexcept = 0;
  /// Before an idempotent request is sent again.
  virtual Duration pause() const noexcept = 0;
  virtual const QueueName& queue() const noexcept = 0;
};

/// One request: what came for it waits here and is handed to its answer on the pool, one at a time, in order.
/// Threads: any.
class PendingRequest final : public Sink, public std::enable_shared_from_this<PendingRequest> {
 public:
  /// `copy` is null for a request that must not be sent twice.
  PendingRequest(std::shared_ptr<RequestOwner> owner, std::string id, RequestCore::Answer answer,
                 Duration timeout, std::shared_ptr<const void> copy);

  const std::string& id() const noexcept { return id_; }
  std::uint64_t token() const;
  /// By whom it is known to the subscriber. It may have ended before; its owner hears of that again then.
  void registered(std::uint64_t token);
  /// Starts the wait for the first answer.
  void arm();
  void send_failed(const Error& error);
  /// The answer gets the error and nothing after it.
  void end(const Error& error);

  bool offer(const std::shared_ptr<Received>& message) override;
  void failed(const Error& error) override;
  void restored() override;

 private:
  static constexpr std::size_t capacity = 100;

  bool open() const;
  void set_timer();
  void expire();
  void run_soon();
  void run();
  bool answer(const std::optional<Error>& error, const std::shared_ptr<Received>& message);
  void finish();

  const std::shared_ptr<RequestOwner> owner_;
  const std::string id_;
  const Duration timeout_;
  const std::shared_ptr<const void> copy_;
  RequestCore::Answer answer_;  // used by run() alone

  mutable std::mutex mutex_;  // guards what follows
  std::uint64_t token_ = 0;
  std::deque<std::shared_ptr<Received>> messages_;
  std::optional<Error> error_;  // after the messages
  TimePoint deadline_ = {};
  std::optional<std::uint64_t> timer_;
  bool running_ = false, finished_ = false, lost_ = false;
};

}  // namespace omnibus::framework::detail
