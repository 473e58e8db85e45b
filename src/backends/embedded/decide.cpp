#include "backends/embedded/decide.hpp"

#include <algorithm>

namespace omnibus::embedded {
namespace {

using Phase = Outstanding::Phase;

/// Most messages put aside in one record, so that one step under the lock stays short.
constexpr std::size_t most_deferred = 4096;

/// An earlier message of its key is in work or was given back.
bool key_is_busy(const Subscription& subscription, const StoredMessage& message, Sequence sequence) {
  if (!subscription.ordered_keys || message.key_hash == 0) return false;
  const auto key = subscription.keys.find(message.key_hash);
  return key != subscription.keys.end() && !key->second.empty() && *key->second.begin() != sequence;
}

/// Keys taken by this very lease, which the state does not know of yet.
class TakenKeys {
 public:
  explicit TakenKeys(bool ordered) : ordered_(ordered) {}
  bool take(std::uint64_t hash) {
    if (!ordered_ || hash == 0) return true;
    if (std::find(taken_.begin(), taken_.end(), hash) != taken_.end()) return false;
    taken_.push_back(hash);
    return true;
  }

 private:
  bool ordered_;
  std::vector<std::uint64_t> taken_;
};

}  // namespace

std::vector<ConsumerId> active_consumers(const Subscription& subscription) {
  if (subscription.sharing == Sharing::shared || subscription.consumers.size() < 2) {
    return subscription.consumers;
  }
  return {subscription.consumers.front()};
}

std::optional<record::Lease> next_lease(const State& state, const Subscription& subscription,
                                        ConsumerId consumer, std::size_t most, Millis now,
                                        std::vector<Sequence>* memory) {
  const auto* owner = state.queue(subscription.queue);
  if (owner == nullptr || most == 0) return std::nullopt;
  const auto& messages = owner->messages;
  if (subscription.returned.empty() && messages.first_from(subscription.next) > messages.last()) {
    return std::nullopt;
  }
  record::Lease lease{subscription.id, consumer, subscription.epoch + 1, now, subscription.next, {}};
  if (memory != nullptr) lease.sequences.swap(*memory);
  TakenKeys keys(subscription.ordered_keys);
  for (const auto& [when, sequence] : subscription.returned) {
    if (when > now || lease.sequences.size() == most) break;
    const auto* message = messages.find(sequence);
    if (message == nullptr || key_is_busy(subscription, *message, sequence)) continue;
    if (keys.take(message->key_hash)) lease.sequences.push_back(sequence);
  }
  std::size_t deferred = 0;
  auto at = messages.first_from(lease.next);
  while (at <= messages.last() && lease.sequences.size() < most && deferred < most_deferred) {
    const auto& message = *messages.find(at);
    const bool ready = !subscription.elsewhere.contains(at) && message.deliver_at <= now &&
                       !key_is_busy(subscription, message, at) && keys.take(message.key_hash);
    if (ready) {
      lease.sequences.push_back(at);
    } else {
      ++deferred;
    }
    lease.next = at + 1;
    at = messages.first_from(at + 1);
  }
  if (lease.sequences.empty() && deferred == 0) {
    if (memory != nullptr) lease.sequences.swap(*memory);
    return std::nullopt;
  }
  std::sort(lease.sequences.begin(), lease.sequences.end());
  return lease;
}

std::vector<Record> overdue(const Subscription& subscription, Millis now) {
  std::vector<Record> result;
  if (subscription.expires_at != 0 && subscription.expires_at <= now && subscription.consumers.empty()) {
    result.emplace_back(record::RemoveSubscription{subscription.id});
    return result;
  }
  record::Return late{subscription.id, 0, {}};
  for (const auto& [when, sequence] : subscription.deadlines) {
    if (when > now) break;
    late.sequences.push_back(sequence);
  }
  if (!late.sequences.empty()) result.emplace_back(std::move(late));
  return result;
}

std::optional<Millis> next_due(const Subscription& subscription, Millis now) {
  std::optional<Millis> due;
  const auto consider = [&](Millis when) { due = due ? std::min(*due, when) : when; };
  if (subscription.expires_at != 0) consider(subscription.expires_at);
  if (!subscription.deadlines.empty()) consider(subscription.deadlines.begin()->first);
  if (!subscription.consumers.empty()) {
    // What is visible already waits for credit or a key, not for time.
    const auto later = subscription.returned.lower_bound({now + 1, 0});
    if (later != subscription.returned.end()) consider(later->first);
  }
  return due;
}

std::vector<Record> trim(const State& state, const Space& space, const Limits& limits, Millis now) {
  std::vector<Record> result;
  // A sixteenth of slack, so that one record drops many messages instead of each send dropping one.
  const bool over = limits.retention_bytes != 0 && space.settled_bytes > limits.retention_bytes;
  const auto target = over ? limits.retention_bytes - limits.retention_bytes / 16 : space.settled_bytes;
  auto left = space.settled_bytes;
  record::Drop range;
  /// False when nothing that comes later has to go either.
  const auto consider = [&](const Queue& owner, Sequence sequence) {
    const auto* message = owner.messages.find(sequence);
    if (message == nullptr || message->pending > 0) return true;
    const bool aged = limits.retention_time != 0 && message->time + limits.retention_time < now;
    if (left <= target && !aged) return false;
    left -= std::min(left, message->bytes);
    if (range.count > 0 && range.queue == owner.id && range.first + range.count == sequence) {
      ++range.count;
      return true;
    }
    if (range.count > 0) result.emplace_back(range);
    range = {owner.id, sequence, 1};
    return true;
  };
  bool more = true;
  for (auto run = space.history.begin(); more && run != space.history.end(); ++run) {
    const auto* owner = state.queue(run->queue);
    for (auto at = run->first; more && owner != nullptr && at < run->first + run->count; ++at)
      more = consider(*owner, at);
  }
  if (range.count > 0) result.emplace_back(range);
  return result;
}

Hold hold_of(const State& state, SubscriptionId id, Sequence sequence, std::uint64_t epoch) {
  const auto* subscription = state.subscription(id);
  if (subscription == nullptr) return Hold::stale;
  const auto* outstanding = subscription->outstanding.find(sequence);
  if (outstanding == nullptr) return sequence < subscription->next ? Hold::settled : Hold::stale;
  return outstanding->phase == Phase::leased && outstanding->epoch == epoch ? Hold::held : Hold::stale;
}

}  // namespace omnibus::embedded
