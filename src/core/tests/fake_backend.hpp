#pragma once

/// A scripted peer of the driver seam for unit tests: one broker in memory whose link can be cut, whose
/// completions can be held back and whose answers can be chosen. Threads: any.

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>

namespace omnibus::fake {

class Producer;
class Consumer;
class Transaction;

/// What outlives every connection: queues, subscriptions, and the script.
class Broker : public std::enable_shared_from_this<Broker> {
 public:
  struct Stored {
    std::uint64_t id = 0;
    driver::Outgoing message;
    std::uint32_t attempt = 1;
  };
  struct Subscription {
    std::deque<Stored> ready;
    std::map<std::uint64_t, std::pair<Stored, Consumer*>> in_flight;
    std::vector<Consumer*> consumers;
    driver::ConsumerConfig config;
  };

  Broker();

  /// A factory for connect_with.
  BackendFactory factory();
  Bus connect(BusOptions options = {});

  // The script
  driver::Features features;
  void hold_confirms(bool hold);  ///< sends are stored, their completions wait
  void cut();                     ///< breaks every link, refuses new ones
  void cut_producers();           ///< breaks their links only; new ones are made
  void restore();
  void fail_next_create(Error error);
  void fail_next_ack(Error error);
  void fail_next_nack(Error error);
  void fail_next_commit(Error error);
  void hold_acks(bool hold);         ///< acknowledgements are applied, their completions wait
  void fail_next_link(Error error);  ///< of a consumer, before its creation completes
  void hang_creates(bool hang);      ///< nothing that is created is answered until close
  void hang_closes(bool hang);
  std::function<std::optional<Error>(const driver::Outgoing&)> on_send = {};  ///< set before any traffic
  std::function<void()> on_request = {};       ///< as on_send: inside a consumer's request()
  std::function<void()> on_consumer_end = {};  ///< as on_send: inside a consumer's destructor
  bool count_attempts = true;                  ///< false: attempt 0 on every delivery
  std::size_t overshoot = 0;                   ///< deliveries beyond the credit
  std::atomic<bool> recreates = false;         ///< consumers tell that their subscription was made anew

  // What was seen
  std::vector<std::string> payloads(const std::string& queue);
  std::vector<std::uint64_t> sequences(const std::string& queue);
  std::vector<std::size_t> batches();
  std::vector<Duration> nack_delays();
  std::size_t unconfirmed();
  std::size_t backlog(const std::string& queue, const std::string& subscription);
  bool has_subscription(const std::string& queue, const std::string& subscription);
  /// The subscriptions of a queue, each with what it was created with.
  std::map<std::string, driver::ConsumerConfig> subscriptions(const std::string& queue);
  /// Whether a consumer is connected.
  bool has_consumer(const std::string& queue, const std::string& subscription);
  std::size_t created();
  std::size_t most_unacked();
  std::size_t foreign_settlings();  ///< deliveries settled over another link than their own

 private:
  friend class Producer;
  friend class Consumer;
  friend class Transaction;
  friend class FakeBackend;
  struct Queue {
    std::vector<Stored> log;
    std::map<std::string, Subscription> subscriptions;
    std::map<std::string, std::uint64_t> last_sequence;
  };
  using Work = std::vector<UniqueFunction<void()>>;

  std::optional<Error> refusal();
  void store(const std::string& queue, const std::string& producer, const driver::Outgoing& message);
  void pump(const std::string& queue);
  static void run(Work work);

  std::mutex script_;  ///< held by the script while it uses producers and consumers, and by their ends
  std::mutex mutex_;   ///< guards everything below
  std::map<std::string, Queue> queues_;
  std::set<Producer*> producers_;
  std::set<Consumer*> consumers_;
  std::deque<Error> create_errors_, ack_errors_, nack_errors_, link_errors_;
  std::optional<Error> commit_error_;
  std::vector<std::size_t> batches_;
  std::vector<Duration> nack_delays_;
  std::uint64_t last_id_ = 0, last_link_ = 0;
  std::size_t created_ = 0, most_unacked_ = 0, foreign_ = 0;
  bool down_ = false, hold_ = false, hold_acks_ = false, hang_creates_ = false, hang_closes_ = false;
};

}  // namespace omnibus::fake
