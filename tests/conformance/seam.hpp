#pragma once

/// The driver seam without the layer above it, for the promises that are made there.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <omnibus/driver.hpp>

namespace omnibus::conformance {

/// Starts something with a completion, waits for it, throws its error. A completion that does not come within
/// the patience, or comes twice, is a failure.
void finish(const std::function<void(Completion)>& start);

/// What core lends to a backend, for tests. Threads: any; one thread of its own runs what is due.
class TimerHost final : public driver::Host {
 public:
  TimerHost();
  ~TimerHost() override;
  std::uint64_t schedule(TimePoint when, UniqueFunction<void()> work) override;
  bool cancel(std::uint64_t token) noexcept override;

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;  ///< guards everything below
  std::condition_variable_any changed_;
  std::map<std::pair<TimePoint, std::uint64_t>, UniqueFunction<void()>> due_;
  std::uint64_t tokens_ = 0;
  std::jthread thread_;
};

/// One backend, opened through the registry.
class Link {
 public:
  explicit Link(const std::string& url);
  ~Link();

  driver::Backend& backend() { return *backend_; }
  std::unique_ptr<driver::Producer> producer(const QueueName& queue, std::string name = "seam");
  std::unique_ptr<driver::Consumer> consumer(const driver::ConsumerConfig& config, driver::Sink& sink);
  std::unique_ptr<driver::Transaction> begin(const std::string& id);

 private:
  TimerHost host_;
  std::unique_ptr<driver::Backend> backend_;
};

/// A consumer that keeps what it is given and counts broken promises.
class Inbox final : public driver::Sink {
 public:
  Inbox(Link& link, const QueueName& queue, std::string subscription, ConsumerOptions options = {});
  ~Inbox() override;

  driver::Consumer& consumer() { return *consumer_; }
  /// Waits until at least `count` deliveries are there; copies of all so far.
  std::vector<driver::Delivery> await(std::size_t count);
  std::size_t size();
  std::size_t late();
  void close();

  void deliver(std::span<driver::Delivery> batch) noexcept override;
  void dropped(std::uint64_t count) noexcept override;
  void failed(const Error& error) noexcept override;

 private:
  std::mutex mutex_;  ///< guards everything below
  std::condition_variable changed_;
  std::vector<driver::Delivery> deliveries_;
  std::size_t dropped_ = 0, failures_ = 0, late_ = 0;
  bool closed_ = false;
  std::unique_ptr<driver::Consumer> consumer_;
};

}  // namespace omnibus::conformance
