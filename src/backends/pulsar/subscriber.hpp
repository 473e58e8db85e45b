#pragma once

#include <deque>
#include <map>
#include <span>

#include "backends/pulsar/chunks.hpp"
#include "backends/pulsar/subscription_link.hpp"
#include "backends/pulsar/topic_producer.hpp"
#include "backends/pulsar/unsettled.hpp"

namespace omnibus::pulsar {

/// A consumer of one queue: all partitions of its topic, credit and permits, what is delivered and not
/// settled.
///
/// Permits follow credit: the broker may send as much as was asked for and is neither here nor on its way. A
/// batch may bring more, which waits for credit. Best effort differs: the broker always may send, and what
/// nobody asks for in time is dropped, the oldest first.
///
/// A message that is given back goes to the broker when its time has come, unless the broker would send
/// others along that are still in work here (a batch) or knows only how to rewind (exclusive, failover): then
/// it is delivered again from here. Threads: the loop's only.
class Subscriber final : public std::enable_shared_from_this<Subscriber> {
 public:
  struct Config {
    SubscriptionLink::Config link;
    std::string queue;  ///< for errors
    bool best_effort = false;
    Duration ack_timeout = Duration::zero();
  };
  using Opened = driver::Result<std::shared_ptr<Subscriber>>;

  static void open(const std::shared_ptr<Session>& session, Config config, driver::Sink& sink, Opened opened);
  Subscriber(std::shared_ptr<Session> session, Config config, driver::Sink& sink);
  ~Subscriber();

  const Config& config() const noexcept { return config_; }
  bool is_closed() const noexcept { return closed_; }
  void request(std::size_t credit);
  void acknowledge(std::span<const driver::AckId> ids, const std::optional<TransactionId>& transaction,
                   Completion done);
  void negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done);
  void unsubscribe(Completion done);
  void close(TimePoint deadline, Completion done);
  /// The topics whose subscription takes part when these are acknowledged in a transaction.
  std::vector<std::string> topics_of(std::span<const driver::AckId> ids) const;

 private:
  class Part;
  struct Ready {
    driver::Delivery delivery;
    Entry* entry = nullptr;  ///< null for best effort
    std::uint32_t index = 0;
  };
  /// A message whose time comes: to be given back after its delay, or because it was not settled.
  struct Due {
    MessageKey message;
    bool unsettled;
  };
  /// What one call settles of an entry.
  struct Touched {
    EntryKey key;
    std::vector<std::uint32_t> indexes;
  };
  using AckCommands = std::map<std::uint32_t, proto::BaseCommand>;

  // Opening
  void find_parts(Opened opened);
  void finish_opening(const Error* error, Opened opened);
  void open_parts(std::size_t partitions, Completion done);
  // Receiving
  void on_message(Part& part, const proto::CommandMessage& command, const Frame::Message& message);
  void take(Part& part, const proto::CommandMessage& command, const Frame::Message& message);
  std::optional<std::string> whole_payload(Part& part, const EntryKey& key, const Frame::Message& message,
                                           std::vector<EntryKey>& chunks);
  void accept(const EntryKey& key, const proto::CommandMessage& command,
              const proto::MessageMetadata& metadata, std::string payload, std::vector<EntryKey> chunks);
  void accept_loose(const proto::MessageMetadata& metadata, std::string payload);
  void buffer(Entry& entry, std::uint32_t index, driver::Delivery delivery);
  driver::Delivery again(const Entry& entry, std::uint32_t index) const;
  void finish(driver::Delivery& delivery, const Entry& entry, std::uint32_t index) const;
  void note_gap(const proto::MessageMetadata& metadata);
  void drop_oldest();
  void schedule_pump();
  void pump();
  void deliver();
  void top_up();
  void nudge(Duration after);
  void on_lost(const Error& error);
  // Settling
  static void touch(std::vector<Touched>& touched, const MessageKey& message);
  void add_early_ack(AckCommands& commands, const MessageKey& message);
  void add_ack(AckCommands& commands, const Entry& entry, const std::vector<std::uint32_t>& indexes);
  void send_acks(AckCommands& commands, const std::optional<TransactionId>& transaction, bool stale,
                 Completion done);
  void schedule(TimePoint when, const Due& due);
  void arm();
  void run_due();
  void come_back(const Due& due);
  void redeliver(const Entry& entry);
  bool local() const noexcept { return config_.link.sharing != Sharing::shared; }
  Error stale() const;
  void finish_close();

  const std::shared_ptr<Session> session_;
  const Config config_;
  driver::Sink& sink_;
  std::vector<std::shared_ptr<Part>> parts_;
  Unsettled unsettled_;
  std::deque<Ready> ready_;
  std::size_t ready_bytes_ = 0;  ///< of best effort
  std::size_t credit_ = 0;
  std::uint64_t dropped_ = 0;
  std::unordered_map<std::string, std::uint64_t> sequences_;  ///< of best effort: the last of each producer
  std::vector<driver::Delivery> batch_;
  std::multimap<TimePoint, Due> due_;
  wire::Timer due_timer_, close_timer_, nudge_timer_;
  Completion closed_done_;
  bool returning_ = false;  ///< its link was lost before
  bool recreated_ = false;  ///< somebody else had removed it
  bool pumping_ = false, pump_scheduled_ = false, closed_ = false, received_ = false;
  std::optional<Error> lost_;
};

}  // namespace omnibus::pulsar
