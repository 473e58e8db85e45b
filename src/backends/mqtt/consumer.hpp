#pragma once

#include <memory>

#include "backends/mqtt/subscriptions.hpp"

namespace omnibus::mqtt {

/// A consumer as core sees it. Threads: any.
class ConsumerHandle final : public driver::Consumer {
 public:
  /// Errors: ConfigError for unknown options.
  static Subscription::Config parse(const driver::ConsumerConfig& config, const Parameters& parameters);
  /// Completes on the loop. Runs on the loop.
  static void open(const std::shared_ptr<Context>& context,
                   const std::shared_ptr<Subscriptions>& subscriptions, const driver::ConsumerConfig& config,
                   driver::Sink& sink, driver::Result<std::unique_ptr<driver::Consumer>> done, int tries = 3);

  ConsumerHandle(std::shared_ptr<Context> context, std::shared_ptr<Subscription> subscription,
                 std::shared_ptr<Member> member);
  ~ConsumerHandle() override;

  void request(std::size_t credit) override;
  void acknowledge(std::span<const driver::AckId> ids, Completion done) override;
  void negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done) override;
  void unsubscribe(Completion done) override;
  void close(TimePoint deadline, Completion done) override;

 private:
  const std::shared_ptr<Context> context_;
  std::shared_ptr<Subscription> subscription_;
  std::shared_ptr<Member> member_;
};

}  // namespace omnibus::mqtt
