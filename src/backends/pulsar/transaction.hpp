#pragma once

#include <map>
#include <set>

#include "backends/pulsar/consumer.hpp"

namespace omnibus::pulsar {

/// The broker's transaction coordinator and the producers that send within transactions: one for each topic.
/// Threads: the loop's only.
class Coordinator final : public std::enable_shared_from_this<Coordinator> {
 public:
  using Reached = driver::Result<std::shared_ptr<Connection>>;

  Coordinator(std::shared_ptr<Session> session, const std::string& instance);

  const std::shared_ptr<Session>& session() const noexcept { return session_; }
  /// A connection to the broker that coordinates. Errors: unavailable where transactions are switched off.
  void reach(Reached reached);
  /// The producer for a topic that is no collection of partitions.
  void producer(const std::string& topic, TopicProducer::Opened opened);
  /// Forgets a producer that failed.
  void drop(const std::string& topic) { producers_.erase(topic); }

 private:
  const std::shared_ptr<Session> session_;
  const std::string name_;  ///< of its producers, before a number; unique, for nothing is sent again under it
  std::weak_ptr<Connection> greeted_;  ///< that knows us as a client of the coordinator
  std::map<std::string, std::shared_ptr<TopicProducer>> producers_;
  std::uint64_t opened_ = 0;
};

/// One transaction. Threads: any; what it does runs on the loop. Source: Pulsar binary protocol,
/// "Transactions": the coordinator is told of each topic and subscription before its first use.
class TransactionHandle final : public driver::Transaction {
 public:
  static void begin(const std::shared_ptr<Coordinator>& coordinator,
                    driver::Result<std::unique_ptr<driver::Transaction>> done);

  class State;
  explicit TransactionHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}
  /// Aborts what was neither committed nor aborted.
  ~TransactionHandle() override;

  void send(const QueueName& queue, const driver::Outgoing& message, Completion done) override;
  void acknowledge(driver::Consumer& consumer, std::span<const driver::AckId> ids, Completion done) override;
  void commit(Completion done) override;
  void abort(Completion done) override;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace omnibus::pulsar
