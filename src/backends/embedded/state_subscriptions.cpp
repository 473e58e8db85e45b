#include <algorithm>
#include <utility>

#include "backends/embedded/state.hpp"

namespace omnibus::embedded {

using Phase = Outstanding::Phase;

void State::on(const record::CreateSubscription& r, Effects& effects) {
  last_subscription_ = std::max(last_subscription_, r.id);
  auto* owner = queue(r.queue);
  if (owner == nullptr || !owner->subscriptions.emplace(r.name, r.id).second) return;
  auto& created = subscriptions_[r.id];
  created.id = r.id;
  created.queue = r.queue;
  created.name = r.name;
  created.lifetime = r.lifetime;
  created.expiry = r.expiry;
  auto& messages = owner->messages;
  count_up_to(*owner, r.next);
  created.next = owner->best_effort ? messages.last() + 1 : std::max<Sequence>(r.next, 1);
  for (auto at = messages.first_from(created.next); at <= messages.last(); at = messages.first_from(at + 1)) {
    auto* message = messages.find(at);
    if (message->pending++ == 0 && !owner->best_effort) {
      owner->space->settled_bytes -= message->bytes;
      owner->space->pending_bytes += message->bytes;
    }
    ++created.backlog;
    created.backlog_bytes += message->bytes;
  }
  drop_void(*owner->space);
  effects.ready.push_back(r.id);
}

void State::count_up_to(Queue& owner, Sequence next) {
  if (!owner.best_effort && next > 0) owner.messages.advance(next - 1);
}

void State::on(const record::RemoveSubscription& r, Effects& effects) { remove(r.id, effects); }

void State::remove(SubscriptionId id, Effects& effects) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return;
  auto& doomed = found->second;
  for (const auto consumer : doomed.consumers) {
    consumers_.erase(consumer);
    effects.orphaned.push_back(consumer);
  }
  if (auto* owner = queue(doomed.queue); owner != nullptr) {
    doomed.outstanding.for_each(
        [&](Sequence sequence, const Outstanding&) { settle(*owner, doomed, sequence, effects); });
    auto& messages = owner->messages;
    for (auto at = messages.first_from(doomed.next); at <= messages.last();
         at = messages.first_from(at + 1)) {
      if (!doomed.elsewhere.contains(at)) settle(*owner, doomed, at, effects);
    }
    owner->subscriptions.erase(doomed.name);
  }
  subscriptions_.erase(found);
}

void State::on(const record::Attach& r, Effects& effects) {
  last_consumer_ = std::max(last_consumer_, r.consumer);
  auto* subscription = find(r.subscription);
  if (subscription == nullptr) return;
  if (subscription->consumers.empty()) subscription->sharing = r.sharing;
  subscription->consumers.push_back(r.consumer);
  subscription->expires_at = 0;
  consumers_[r.consumer] = {r.consumer, r.subscription, r.owner, r.ack_timeout, 0};
  if (r.ordered_keys && !subscription->ordered_keys) order_keys(*subscription);
  effects.ready.push_back(r.subscription);
}

void State::order_keys(Subscription& subscription) {
  subscription.ordered_keys = true;
  const auto* owner = queue(subscription.queue);
  if (owner == nullptr) return;
  subscription.outstanding.for_each([&](Sequence sequence, const Outstanding& outstanding) {
    if (outstanding.attempts > 0) busy_key(*owner, subscription, sequence);
  });
}

void State::on(const record::Detach& r, Effects& effects) { detach(r.consumer, r.time, effects); }

void State::detach(ConsumerId id, Millis time, Effects& effects) {
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return;
  auto* subscription = find(found->second.subscription);
  if (subscription != nullptr) {
    if (found->second.held > 0) {
      subscription->outstanding.for_each([&](Sequence sequence, Outstanding& outstanding) {
        if (outstanding.phase == Phase::leased && outstanding.consumer == id) {
          release(*subscription, sequence, outstanding, 0, effects);
        }
      });
    }
    std::erase(subscription->consumers, id);
    effects.ready.push_back(subscription->id);
  }
  consumers_.erase(found);
  if (subscription == nullptr || !subscription->consumers.empty()) return;
  const auto* owner = queue(subscription->queue);
  const bool fleeting =
      subscription->lifetime == Lifetime::ephemeral || (owner != nullptr && owner->best_effort);
  if (!fleeting) return;
  if (subscription->expiry <= 0 || subscription->lifetime == Lifetime::durable) {
    remove(subscription->id, effects);
  } else {
    subscription->expires_at = time + subscription->expiry;
    effects.timed.push_back(subscription->id);
  }
}

void State::on(const record::Lease& r, Effects& effects) {
  last_subscription_ = std::max(last_subscription_, r.subscription);
  last_consumer_ = std::max(last_consumer_, r.consumer);
  auto* subscription = find(r.subscription);
  auto* owner = subscription == nullptr ? nullptr : queue(subscription->queue);
  const auto holder = consumers_.find(r.consumer);
  if (owner == nullptr) return;
  subscription->epoch = std::max(subscription->epoch, r.epoch);
  auto& messages = owner->messages;
  count_up_to(*owner, r.next);
  if (holder == consumers_.end()) return;
  const auto old_next = std::exchange(subscription->next, std::max(subscription->next, r.next));
  auto at = messages.first_from(old_next);
  for (const auto sequence : r.sequences) {
    for (; at < sequence && sequence >= old_next; at = messages.first_from(at + 1)) {
      defer(*owner, *subscription, at);
    }
    lease_one(*owner, *subscription, holder->second, sequence, r, effects);
    if (sequence >= old_next) at = messages.first_from(sequence + 1);
  }
  for (; at < r.next && at <= messages.last(); at = messages.first_from(at + 1)) {
    defer(*owner, *subscription, at);
  }
}

void State::defer(Queue& owner, Subscription& subscription, Sequence sequence) {
  if (subscription.elsewhere.erase(sequence) > 0) return;
  const auto* message = owner.messages.find(sequence);
  if (message == nullptr) return;
  auto& outstanding = subscription.outstanding[sequence];
  const auto key =
      subscription.ordered_keys ? subscription.keys.find(message->key_hash) : subscription.keys.end();
  if (message->key_hash != 0 && message->deliver_at == 0 && key != subscription.keys.end()) {
    outstanding.phase = Phase::blocked;
    key->second.insert(sequence);
    return;
  }
  outstanding.phase = Phase::returned;
  outstanding.when = message->deliver_at;
  subscription.returned.emplace(outstanding.when, sequence);
}

void State::lease_one(Queue& owner, Subscription& subscription, Consumer& holder, Sequence sequence,
                      const record::Lease& r, Effects& effects) {
  if (owner.messages.find(sequence) == nullptr) return;
  if (owner.best_effort) {
    if (const auto* known = subscription.outstanding.find(sequence); known != nullptr) {
      subscription.returned.erase({known->when, sequence});
      subscription.outstanding.erase(sequence);
    }
    settle(owner, subscription, sequence, effects);
    return;
  }
  auto& outstanding = subscription.outstanding[sequence];
  if (outstanding.phase == Phase::leased) end_lease(subscription, sequence, outstanding);
  subscription.returned.erase({outstanding.when, sequence});
  outstanding.phase = Phase::leased;
  outstanding.consumer = holder.id;
  outstanding.epoch = r.epoch;
  outstanding.when = holder.ack_timeout > 0 ? r.time + holder.ack_timeout : 0;
  if (++outstanding.attempts > 1) ++subscription.redelivered;
  if (outstanding.when > 0) {
    subscription.deadlines.emplace(outstanding.when, sequence);
    effects.timed.push_back(subscription.id);
  }
  ++holder.held;
  ++subscription.in_flight;
  if (subscription.ordered_keys) busy_key(owner, subscription, sequence);
}

void State::end_lease(Subscription& subscription, Sequence sequence, Outstanding& outstanding) {
  if (outstanding.when > 0) subscription.deadlines.erase({outstanding.when, sequence});
  outstanding.when = 0;
  --subscription.in_flight;
  if (const auto holder = consumers_.find(outstanding.consumer); holder != consumers_.end()) {
    --holder->second.held;
  }
}

void State::release(Subscription& subscription, Sequence sequence, Outstanding& outstanding,
                    Millis visible_at, Effects& effects) {
  effects.revoked.push_back({outstanding.consumer, sequence, outstanding.epoch});
  end_lease(subscription, sequence, outstanding);
  outstanding.phase = Phase::returned;
  outstanding.when = visible_at;
  subscription.returned.emplace(visible_at, sequence);
}

void State::on(const record::Acknowledge& r, Effects& effects) {
  auto* subscription = find(r.subscription);
  auto* owner = subscription == nullptr ? nullptr : queue(subscription->queue);
  if (owner == nullptr) return;
  for (const auto sequence : r.sequences) {
    if (sequence >= subscription->next && !owner->best_effort) pass(*owner, *subscription, sequence);
    auto* found = subscription->outstanding.find(sequence);
    if (found == nullptr) continue;
    if (found->phase == Phase::leased) {
      end_lease(*subscription, sequence, *found);
    } else {
      subscription->returned.erase({found->when, sequence});
    }
    subscription->outstanding.erase(sequence);
    if (subscription->ordered_keys) free_key(*owner, *subscription, sequence);
    settle(*owner, *subscription, sequence, effects);
  }
  effects.ready.push_back(r.subscription);
}

/// Something was acknowledged that was never handed out: the frame that did is lost. Those up to it are put
/// aside, as that frame would have done.
void State::pass(Queue& owner, Subscription& subscription, Sequence sequence) {
  auto& messages = owner.messages;
  messages.advance(sequence);
  for (auto at = messages.first_from(subscription.next); at <= sequence; at = messages.first_from(at + 1)) {
    defer(owner, subscription, at);
  }
  subscription.next = sequence + 1;
}

void State::on(const record::Return& r, Effects& effects) {
  auto* subscription = find(r.subscription);
  if (subscription == nullptr) return;
  for (const auto sequence : r.sequences) {
    auto* found = subscription->outstanding.find(sequence);
    if (found == nullptr || found->phase != Phase::leased) continue;
    release(*subscription, sequence, *found, r.visible_at, effects);
  }
  effects.ready.push_back(r.subscription);
}

void State::busy_key(const Queue& owner, Subscription& subscription, Sequence sequence) {
  const auto* message = owner.messages.find(sequence);
  if (message != nullptr && message->key_hash != 0) subscription.keys[message->key_hash].insert(sequence);
}

void State::free_key(const Queue& owner, Subscription& subscription, Sequence sequence) {
  const auto* message = owner.messages.find(sequence);
  if (message == nullptr) return;
  const auto key = subscription.keys.find(message->key_hash);
  if (key == subscription.keys.end()) return;
  key->second.erase(sequence);
  if (key->second.empty()) {
    subscription.keys.erase(key);
    return;
  }
  const auto sequence_of_next = *key->second.begin();
  auto* next = subscription.outstanding.find(sequence_of_next);
  if (next == nullptr || next->phase != Phase::blocked) return;
  next->phase = Phase::returned;
  next->when = 0;
  subscription.returned.emplace(0, sequence_of_next);
}

}  // namespace omnibus::embedded
