#include "backends/embedded/state.hpp"

#include <algorithm>
#include <utility>

#include "backends/embedded/scratch.hpp"

namespace omnibus::embedded {

void State::apply(const Record& record, Effects& effects) {
  std::visit([&](const auto& r) { on(r, effects); }, record);
}

void State::apply(Record&& record, Effects& effects) {
  if (auto* publish = std::get_if<record::Publish>(&record)) return on(std::move(*publish), effects);
  apply(std::as_const(record), effects);
}

const Queue* State::find_queue(std::string_view name, bool best_effort) const {
  const auto found = queue_names_.find({best_effort, std::string(name)});
  return found == queue_names_.end() ? nullptr : queue(found->second);
}

Queue* State::queue(QueueId id) {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : &found->second;
}

const Queue* State::queue(QueueId id) const {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : &found->second;
}

const Subscription* State::find_subscription(const Queue& queue, std::string_view name) const {
  const auto found = queue.subscriptions.find(name);
  return found == queue.subscriptions.end() ? nullptr : subscription(found->second);
}

const Subscription* State::subscription(SubscriptionId id) const {
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? nullptr : &found->second;
}

Subscription* State::find(SubscriptionId id) {
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? nullptr : &found->second;
}

const Consumer* State::consumer(ConsumerId id) const {
  const auto found = consumers_.find(id);
  return found == consumers_.end() ? nullptr : &found->second;
}

const Producer* State::producer(ProducerId id) const {
  const auto found = producers_.find(id);
  return found == producers_.end() ? nullptr : &found->second;
}

void State::on(const record::CreateQueue& r, Effects&) {
  last_queue_ = std::max(last_queue_, r.id);
  if (!queue_names_.emplace(std::pair(r.best_effort, r.name), r.id).second) return;
  auto& space = spaces_[r.space];
  space.name = r.space;
  auto& queue = queues_[r.id];
  queue.id = r.id;
  queue.best_effort = r.best_effort;
  queue.name = r.name;
  queue.space = &space;
}

void State::on(const record::OpenProducer& r, Effects&) {
  last_producer_ = std::max(last_producer_, r.id);
  auto* owner = queue(r.queue);
  if (owner == nullptr) return;
  owner->producers[r.name] = r.id;
  auto& producer = producers_[r.id];
  producer.id = r.id;
  producer.queue = r.queue;
  producer.name = r.name;
  producer.named = producer.named || r.named;
  producer.owner = r.owner;
}

void State::on(const record::CloseProducer& r, Effects&) { close_producer(r.id); }

void State::close_producer(ProducerId id) {
  const auto found = producers_.find(id);
  if (found == producers_.end()) return;
  if (found->second.named) {
    found->second.owner = 0;
    return;
  }
  if (auto* owner = queue(found->second.queue); owner != nullptr) {
    const auto named = owner->producers.find(found->second.name);
    if (named != owner->producers.end() && named->second == id) owner->producers.erase(named);
  }
  producers_.erase(found);
}

void State::on(record::Publish r, Effects& effects) {
  auto* target = queue(r.queue);
  last_queue_ = std::max(last_queue_, r.queue);  // where its own frame is lost, its number is not used again
  if (target == nullptr) return;
  if (target->best_effort) return publish_best_effort(*target, r, effects);
  if (r.sequence <= target->messages.last()) return;
  if (const auto by = producers_.find(r.producer); by != producers_.end()) {
    by->second.last = std::max(by->second.last, r.producer_sequence);
  }
  auto& waiting = target->subscriptions;
  auto& message = target->messages.append(
      r.sequence, {std::move(r.content), r.time, r.deliver_at, r.key_hash,
                   std::max<std::uint64_t>(r.bytes, 1), static_cast<std::uint32_t>(waiting.size())});
  (waiting.empty() ? target->space->settled_bytes : target->space->pending_bytes) += message.bytes;
  if (waiting.empty()) {
    target->space->remember(r.queue, r.sequence);
    effects.grown.push_back(target->space);
  }
  for (const auto& [name, id] : waiting) {
    auto* subscription = find(id);
    ++subscription->backlog;
    subscription->backlog_bytes += message.bytes;
    if (!subscription->consumers.empty()) effects.ready.push_back(id);
  }
}

bool State::is_for_here(const Subscription& subscription, Sequence sequence) const {
  const auto& consumers = subscription.consumers;
  if (consumers.empty()) return false;
  const auto turn = subscription.sharing == Sharing::shared ? sequence % consumers.size() : 0;
  const auto* taker = consumer(consumers[turn]);
  return taker != nullptr && taker->owner == self_;
}

void State::publish_best_effort(Queue& queue, record::Publish& r, Effects& effects) {
  const auto sequence = queue.messages.last() + 1;
  Scratch<Subscription*> takers;
  for (const auto& [name, id] : queue.subscriptions) {
    auto* subscription = find(id);
    if (is_for_here(*subscription, r.sequence)) {
      takers->push_back(subscription);
    } else if (subscription->next == sequence) {
      ++subscription->next;
    } else {
      subscription->elsewhere.insert(sequence);
    }
  }
  if (takers->empty()) {
    queue.messages.advance(sequence);
    return;
  }
  const auto& message = queue.messages.append(
      sequence, {std::move(r.content), r.time, r.deliver_at, r.key_hash, std::max<std::uint64_t>(r.bytes, 1),
                 static_cast<std::uint32_t>(takers->size())});
  for (auto* subscription : *takers) {
    ++subscription->backlog;
    subscription->backlog_bytes += message.bytes;
    effects.ready.push_back(subscription->id);
  }
  for (auto* subscription : *takers) shed(queue, *subscription, effects);
}

void State::shed(Queue& queue, Subscription& subscription, Effects& effects) {
  std::uint64_t count = 0;
  while (subscription.backlog > best_effort_messages ||
         (subscription.backlog_bytes > best_effort_bytes && subscription.backlog > 1)) {
    const auto fresh = queue.messages.first_from(subscription.next);
    if (fresh <= queue.messages.last()) {
      subscription.next = fresh + 1;
      if (subscription.elsewhere.erase(fresh) > 0) continue;
      settle(queue, subscription, fresh, effects);
    } else {
      const auto sequence = subscription.outstanding.first_from(1);
      subscription.returned.erase({subscription.outstanding.find(sequence)->when, sequence});
      subscription.outstanding.erase(sequence);
      settle(queue, subscription, sequence, effects);
    }
    ++count;
  }
  if (count > 0) effects.dropped.push_back({subscription.id, count});
}

void State::forget(Queue& queue, Sequence sequence, Effects& effects) {
  const auto* message = queue.messages.find(sequence);
  if (message == nullptr) return;
  // The bodies of best-effort messages lie in a ring that reuses its own space.
  if (message->content.blob != 0 && !queue.best_effort) effects.blobs.push_back(message->content.blob);
  queue.messages.erase(sequence);
}

void State::settle(Queue& queue, Subscription& subscription, Sequence sequence, Effects& effects) {
  auto* message = queue.messages.find(sequence);
  if (message == nullptr) return;
  --subscription.backlog;
  subscription.backlog_bytes -= message->bytes;
  if (message->pending > 0) --message->pending;
  if (message->pending > 0) return;
  if (queue.best_effort) {
    forget(queue, sequence, effects);
    return;
  }
  queue.space->pending_bytes -= message->bytes;
  queue.space->settled_bytes += message->bytes;
  queue.space->remember(queue.id, sequence);
  effects.grown.push_back(queue.space);
}

void State::on(const record::Relocate& r, Effects&) {
  auto* target = queue(r.queue);
  auto* message = target == nullptr ? nullptr : target->messages.find(r.sequence);
  if (message != nullptr) message->content = r.content;
}

void State::on(const record::Drop& r, Effects& effects) {
  auto* target = queue(r.queue);
  if (target == nullptr) return;
  count_up_to(*target, r.first + r.count);
  auto& space = *target->space;
  for (auto sequence = r.first; sequence < r.first + r.count; ++sequence) {
    const auto* message = target->messages.find(sequence);
    if (message == nullptr || message->pending > 0) continue;
    space.settled_bytes -= message->bytes;
    forget(*target, sequence, effects);
  }
  drop_void(space);
}

void State::drop_void(Space& space) {
  const auto is_void = [this](QueueId id, Sequence sequence) {
    const auto* holder = queue(id);
    const auto* message = holder == nullptr ? nullptr : holder->messages.find(sequence);
    return message == nullptr || message->pending > 0;
  };
  for (auto& history = space.history; !history.empty(); history.pop_front()) {
    auto& run = history.front();
    for (; run.count > 0 && is_void(run.queue, run.first); --run.count) ++run.first;
    if (run.count > 0) return;
  }
}

void State::on(const record::Leave& r, Effects& effects) {
  std::vector<ConsumerId> consumers;
  for (const auto& [id, consumer] : consumers_) {
    if (consumer.owner == r.owner) consumers.push_back(id);
  }
  std::sort(consumers.begin(), consumers.end());
  for (const auto id : consumers) detach(id, r.time, effects);
  std::vector<ProducerId> producers;
  for (const auto& [id, producer] : producers_) {
    if (producer.owner == r.owner) producers.push_back(id);
  }
  for (const auto id : producers) close_producer(id);
}

}  // namespace omnibus::embedded
