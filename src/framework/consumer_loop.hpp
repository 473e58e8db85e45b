#pragma once

/// The insides of Consumer: what takes messages, runs handlers and settles.

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "framework/job.hpp"
#include "framework/metrics.hpp"

namespace omnibus::framework::detail {

/// A chain of callbacks per place (`concurrency` places): receive, handle, settle, receive again. Nothing
/// waits on a thread. Callbacks keep the object alive, so that a handler may outlive its Consumer. Invariant
/// while subscribed: receives under way + jobs = concurrency.
struct ConsumerLoop::Impl : std::enable_shared_from_this<Impl> {
  Impl(Bus bus_in, ConsumerSettings settings_in, const schema::Type& type_in, Decode decode_in, Run run_in);

  void start();
  void drain() noexcept;
  CloseReport stop(Duration timeout) noexcept;
  bool running() const noexcept;

 private:
  using Handle = std::shared_ptr<omnibus::detail::ConsumerHandle>;
  enum class Phase { idle, active, draining, stopped };

  void subscribe();
  void subscribed(const Handle& fresh);
  void subscribe_later(const Error& reason);
  void schedule_subscribe();
  bool is_current(const Handle& handle) const;
  void take(const Handle& from);
  void received(const Handle& from, omnibus::detail::Envelope envelope);
  void lost(const Handle& from, const Error& error);

  void attempt(const std::shared_ptr<Job>& job);
  void retry(const std::shared_ptr<Job>& job);
  void handled(const std::shared_ptr<Job>& job, const std::exception_ptr& failure);
  void ended(const std::shared_ptr<Job>& job, const std::exception_ptr& failure);
  void wait_for_rate(const std::shared_ptr<Job>& job);
  void succeed(const std::shared_ptr<Job>& job);
  void reject(const std::shared_ptr<Job>& job, const std::string& reason);
  // consumer_transactions.cpp
  void join_transaction(Job& job) const;
  void end_transaction(const std::shared_ptr<Job>& job, const std::exception_ptr& failure) noexcept;
  void end_transaction_later(const std::shared_ptr<Job>& job, const std::exception_ptr& failure);
  void committed();
  void not_committed(const std::shared_ptr<Job>& job, const Error& error);

  void free_place();
  void begin_settling();
  void next(std::unique_lock<std::mutex> lock);
  void settle(const std::shared_ptr<Job>& job);
  void settled(const std::shared_ptr<Job>& job, const Error* error);
  bool settle_later(const std::shared_ptr<Job>& job, const Error& error);

  bool idle() const noexcept { return jobs_ == 0 && settling_ == 0; }
  void close_if_idle(std::unique_lock<std::mutex> lock);
  CloseReport close(std::unique_lock<std::mutex>& lock, TimePoint deadline) noexcept;
  std::string describe() const;

  Bus bus_;
  const ConsumerSettings settings_;
  const schema::Type& type_;
  const Decode decode_;
  const Run run_;
  ConsumerMetrics metrics_;
  std::optional<TransactionMetrics> transactions_;  // empty: not transactional
  std::stop_source stop_;

  mutable std::mutex mutex_;         // guards what follows
  std::condition_variable changed_;  // any of what follows
  Phase phase_ = Phase::idle;
  Handle handle_;
  bool subscribing_ = false;
  std::optional<std::uint64_t> subscribe_timer_;
  std::size_t jobs_ = 0;                      // taken, their handlers not ended
  std::size_t settling_ = 0;                  // acknowledgements under way
  std::set<std::shared_ptr<Job>> limited_;    // jobs that wait for their rate limit
  std::set<std::shared_ptr<Job>> unsettled_;  // of those under way: failed, waiting for another try
  bool abandoned_ = false;                    // closed with jobs left
  bool close_when_idle_ = false;              // stop() came from a handler
};

}  // namespace omnibus::framework::detail
