#pragma once

#include "backends/pulsar/subscriber.hpp"
#include "backends/pulsar/subscriptions.hpp"

namespace omnibus::pulsar {

/// A consumer as core sees it: passes every call on to the loop. Threads: any.
class ConsumerHandle final : public driver::Consumer {
 public:
  /// Errors: ConfigError for unknown options.
  static Subscriber::Config parse(const driver::ConsumerConfig& config);
  /// Completes on the loop. Runs on the loop.
  static void open(const std::shared_ptr<Session>& session, const std::shared_ptr<Expiries>& expiries,
                   const driver::ConsumerConfig& config, driver::Sink& sink,
                   driver::Result<std::unique_ptr<driver::Consumer>> done);

  ConsumerHandle(std::shared_ptr<Session> session, std::shared_ptr<Subscriber> subscriber,
                 std::shared_ptr<Expiries> expiries, Duration expiry);
  ~ConsumerHandle() override;

  void request(std::size_t credit) override;
  void acknowledge(std::span<const driver::AckId> ids, Completion done) override;
  void negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done) override;
  void unsubscribe(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

  const std::shared_ptr<Subscriber>& subscriber() const noexcept { return subscriber_; }

 private:
  const std::shared_ptr<Session> session_;
  std::shared_ptr<Subscriber> subscriber_;
  const std::shared_ptr<Expiries> expiries_;
  const Duration expiry_;  ///< zero: nothing to do
};

}  // namespace omnibus::pulsar
