#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include <omnibus/driver.hpp>

namespace omnibus::mqtt {

/// A message that came and is not answered yet.
struct Inbound {
  enum class State : std::uint8_t {
    ready,    ///< waits for a consumer's credit
    held,     ///< a consumer has it
    delayed,  ///< waits for its time, or for its copy to be confirmed
    settled,  ///< done with; answered once all that came before is
  };
  std::uint16_t id = 0;
  std::uint8_t qos = 0;
  State state = State::ready;
  std::uint32_t attempt = 1;
  std::uint32_t turn = 0;    ///< counts deliveries: an acknowledgement of an earlier one is stale
  std::uint64_t holder = 0;  ///< the consumer that has it
  TimePoint due = {};        ///< of a delayed one
  driver::Body body = {};
  Properties properties = {};
  std::string key = {};
};

/// What came over one session, in the order of receipt, in which it is answered [MQTT-4.6.0-2, -3].
/// Threads: the loop's only.
class InboundLog {
 public:
  std::uint64_t add(Inbound message) {
    messages_.push_back(std::move(message));
    return first_ + messages_.size() - 1;
  }
  /// Null when it is answered already, or never was.
  Inbound* find(std::uint64_t number) noexcept {
    return number >= first_ && number - first_ < messages_.size() ? &messages_[number - first_] : nullptr;
  }
  /// Whether one that is not answered has this packet id.
  bool holds(std::uint16_t id) const noexcept {
    for (const auto& message : messages_) {
      if (message.qos > 0 && message.id == id) return true;
    }
    return false;
  }
  /// Takes off the oldest when it is settled.
  std::optional<Inbound> pop_settled() {
    if (messages_.empty() || messages_.front().state != Inbound::State::settled) return std::nullopt;
    Inbound message = std::move(messages_.front());
    messages_.pop_front();
    ++first_;
    return message;
  }
  bool empty() const noexcept { return messages_.empty(); }
  std::uint64_t begin() const noexcept { return first_; }
  std::uint64_t end() const noexcept { return first_ + messages_.size(); }
  /// How many of the oldest come before the last that is settled.
  std::size_t blocking() const noexcept {
    for (std::size_t count = messages_.size(); count > 0; --count) {
      if (messages_[count - 1].state == Inbound::State::settled) return count;
    }
    return 0;
  }

 private:
  std::deque<Inbound> messages_;
  std::uint64_t first_ = 1;
};

}  // namespace omnibus::mqtt
