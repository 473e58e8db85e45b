#pragma once

#include "backends/pulsar/session.hpp"

namespace omnibus::pulsar {

/// One consumer at one broker: the commands that make and end it. Threads: the loop's only.
struct SubscriptionLink {
  struct Config {
    std::string topic;
    std::string subscription;
    Sharing sharing = Sharing::shared;
    Position position = Position::latest;
    bool durable = true;
  };
  using Opened = driver::Result<SubscriptionLink>;

  std::shared_ptr<Connection> connection;
  std::uint64_t id = 0;

  /// Completes once the broker has the subscription; no message comes before the first flow().
  static void open(const std::shared_ptr<Session>& session, const Config& config,
                   std::shared_ptr<ConsumerEvents> events, Opened opened);
  void flow(std::size_t permits) const;
  /// Asks for all that this consumer has received and not acknowledged.
  void redeliver() const;
  void unsubscribe(Completion done) const;
  /// Completes when the broker has let go, or cannot be asked any more.
  void close(Completion done) const;
};

}  // namespace omnibus::pulsar
