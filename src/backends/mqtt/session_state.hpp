#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>

#include "backends/mqtt/journal.hpp"

namespace omnibus::mqtt {

/// What a producer has sent with QoS 2 over a session.
struct SentBy {
  std::uint64_t through = 0;                    ///< the largest sequence that was published
  std::map<std::uint64_t, std::uint16_t> open;  ///< sequence to packet id: not complete
  std::set<std::uint64_t> failed;               ///< refused: they may be sent again

  /// True when a message of this sequence is with the broker for good.
  bool complete(std::uint64_t sequence) const {
    return sequence <= through && open.count(sequence) == 0 && failed.count(sequence) == 0;
  }
};

/// The client's half of a session: what must outlive a connection so that QoS 2 is exactly once, and with a
/// journal also the process. Threads: the loop's only.
class SessionState {
 public:
  struct Flight {
    SentBy* by = nullptr;  ///< null: nobody asks for it again
    std::uint64_t sequence = 0;
    bool released = false;    ///< PUBREC has come
    std::uint64_t order = 0;  ///< of PUBREC, in which PUBREL is sent [MQTT-4.6.0-4]
  };

  bool fresh = true;                           ///< nothing was connected by this client id in this process
  std::map<std::uint16_t, Flight> flights;     ///< out, QoS 2, by packet id
  std::unordered_set<std::uint16_t> received;  ///< in, QoS 2: done with, not yet released

  /// Reads and keeps a journal in `folder`. Errors: as Journal's constructor.
  void keep_in(const std::string& folder, const std::string& client_id);
  bool is_kept() const noexcept { return journal_ != nullptr; }

  /// What `producer` sent over this session; a kept one belongs to one producer.
  SentBy& sent_by(const std::string& producer) { return sent_[journal_ ? std::string() : producer]; }
  /// Forgets the producer when nothing of it is open.
  void forget(const std::string& producer);

  /// Each is to be called before the packet that it allows is sent. Errors: Error{io}.
  void publish(std::uint16_t id, SentBy* by, std::uint64_t sequence);
  void release(std::uint16_t id);
  void complete(std::uint16_t id);
  void fail(std::uint16_t id);
  void receive(std::uint16_t id);
  bool forget_received(std::uint16_t id);
  void forget_all_received();
  /// The broker has no such session: nothing is open there.
  void start_anew();

 private:
  void note(const Journal::Record& record);
  void replay(const Journal::Record& record);
  void write_all(Journal& journal) const;

  std::map<std::string, SentBy> sent_;
  std::unique_ptr<Journal> journal_;
  std::uint64_t releases_ = 0;
};

}  // namespace omnibus::mqtt
