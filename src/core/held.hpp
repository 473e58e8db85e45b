#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/ring.hpp"

namespace omnibus::detail {

/// The deliveries of one link that are not settled yet; a ticket names one and is released once. Costs no
/// allocation per message and no more memory than the largest number held. Threads: like a container.
class Held {
 public:
  std::uint64_t add() {
    if (free_.empty()) {
      generations_.push_back(1);
      return ticket(generations_.size() - 1);
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return ticket(index);
  }
  /// True once per ticket, and once more after restore().
  bool release(std::uint64_t ticket) {
    if (!restored_.empty() && restored_.erase(ticket) > 0) return true;
    const auto index = static_cast<std::uint32_t>(ticket);
    if (index >= generations_.size() || generations_[index] != ticket >> 32) return false;
    ++generations_[index];
    free_.push_back(index);
    return true;
  }
  /// The broker could not settle it: the user may try again.
  void restore(std::uint64_t ticket) {
    given_back_.erase(ticket);
    restored_.insert(ticket);
  }

  /// Remembers that a released ticket was given back, not acknowledged; the latest ten thousand.
  void note_given_back(std::uint64_t ticket) {
    if (!given_back_.insert(ticket).second) return;
    order_.push_back(ticket);
    if (order_.size() > most_given_back) given_back_.erase(order_.pop_front());
  }
  bool was_given_back(std::uint64_t ticket) const {
    return !given_back_.empty() && given_back_.contains(ticket);
  }

 private:
  static constexpr std::size_t most_given_back = 10'000;
  std::uint64_t ticket(std::size_t index) const {
    return (static_cast<std::uint64_t>(generations_[index]) << 32) | index;
  }
  std::vector<std::uint32_t> generations_, free_;
  std::unordered_set<std::uint64_t> restored_, given_back_;
  Ring<std::uint64_t> order_;
};

/// Attempts of messages that were given back, for brokers that do not count. Remembers the latest ten
/// thousand. Threads: like a container.
class AttemptBook {
 public:
  std::uint32_t attempt(const std::string& id) const {
    const auto found = failures_.find(id);
    return found == failures_.end() ? 1 : found->second + 1;
  }
  void failed(const std::string& id) {
    const auto [entry, added] = failures_.try_emplace(id, 0);
    ++entry->second;
    if (!added) return;
    order_.push_back(id);
    if (order_.size() > most) failures_.erase(order_.pop_front());
  }
  void settled(const std::string& id) {
    if (!failures_.empty()) failures_.erase(id);
  }

 private:
  static constexpr std::size_t most = 10'000;
  std::unordered_map<std::string, std::uint32_t> failures_;
  Ring<std::string> order_;
};

}  // namespace omnibus::detail
