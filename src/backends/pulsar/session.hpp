#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/pulsar/ack_id.hpp"
#include "backends/pulsar/connection.hpp"

namespace omnibus::pulsar {

/// What the producers and consumers of one Bus share: one connection per broker, where topics are, and what
/// must outlive a single producer or consumer. Threads: the loop's only.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  using Opened = Connection::Opened;

  Session(std::shared_ptr<wire::Loop> loop, Parameters parameters)
      : loop_(std::move(loop)), parameters_(std::move(parameters)) {}

  wire::Loop& loop() noexcept { return *loop_; }
  const Parameters& parameters() const noexcept { return parameters_; }

  /// A connection for questions, to the first broker of the URL that answers.
  void service(Opened opened);
  /// A connection to the broker that serves the topic. Errors: what connecting reports.
  void lookup(const std::string& topic, Opened opened);
  /// The number of partitions; 0 for a plain topic. Errors: not_found …
  void partitions(const std::string& topic, driver::Result<std::size_t> done);

  /// Notes that the link of a producer or an exclusive consumer was lost: for a while the broker may believe
  /// that it is still there, and what looks like a conflict is our own past.
  void note_orphan(const std::string& what);
  /// The error, made retryable when it is such a conflict.
  Error judged(const Error& error, const std::string& what);

  /// A durable subscription whose link was lost: before it is used again, it is asked for.
  void note_lost(const std::string& topic, const std::string& subscription) {
    lost_.emplace(topic, subscription);
  }
  bool forget_lost(const std::string& topic, const std::string& subscription) {
    return lost_.erase({topic, subscription}) > 0;
  }
  /// The administration interface did not answer; it is left alone for a while. True when that is news.
  bool note_silent_admin();
  bool admin_silent() const noexcept { return Clock::now() < admin_silent_until_; }

  /// Messages of a subscription that came again, since this process connected.
  void count_redelivery(const std::string& topic, const std::string& subscription);
  std::uint64_t redeliveries(const std::string& topic, const std::string& subscription) const;

  /// The chunks of a message whose consumer lost its link before it was acknowledged. `whose` names topic and
  /// subscription.
  void remember_chunks(const std::string& whose, const EntryKey& last, std::vector<EntryKey> chunks);
  std::vector<EntryKey> forget_chunks(const std::string& whose, const EntryKey& last);

  /// Ends every connection and runs what waits for that; nothing is opened any more.
  void close();
  bool closed() const noexcept { return closed_; }
  /// Runs `work` when the session is closed, at once if it is, unless it is forgotten before. For what waits
  /// for something else than a connection, and would wait for ever then.
  std::uint64_t at_close(UniqueFunction<void(const Error&)> work);
  void forget(std::uint64_t token) { at_close_.erase(token); }

 private:
  struct Slot {
    std::shared_ptr<Connection> connection;
    std::vector<Opened> waiting;             ///< not empty while it is being opened
    std::weak_ptr<Connection> opening = {};  ///< the one that is
  };

  void connect(const Connection::Place& place, Opened opened);
  void connected(const Connection::Place& place, const Error* error,
                 const std::shared_ptr<Connection>& connection);
  void try_service(std::size_t index, Opened opened);
  void ask(const std::shared_ptr<Connection>& connection, const std::string& topic, bool authoritative,
           int hops, Opened opened);
  void follow(const proto::CommandLookupTopicResponse& response, const wire::Address& asked,
              const std::string& topic, int hops, Opened opened);

  const std::shared_ptr<wire::Loop> loop_;  ///< first, so that it goes last
  const Parameters parameters_;
  std::map<Connection::Place, Slot> slots_;
  std::map<std::string, TimePoint> orphans_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> redeliveries_;
  std::set<std::pair<std::string, std::string>> lost_;  ///< topic and subscription
  TimePoint admin_silent_until_ = TimePoint::min();
  struct Chunks {
    std::string whose;
    EntryKey last;
    std::vector<EntryKey> earlier;
  };
  std::vector<Chunks> chunks_;
  std::size_t good_broker_ = 0;  ///< the one that answered last
  std::map<std::uint64_t, UniqueFunction<void(const Error&)>> at_close_;
  std::uint64_t last_token_ = 0;
  bool closed_ = false;
};

}  // namespace omnibus::pulsar
