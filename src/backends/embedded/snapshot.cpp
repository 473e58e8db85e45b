#include "backends/embedded/snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace omnibus::embedded {
namespace {

using Phase = Outstanding::Phase;

constexpr std::uint64_t version = 2;

template <class... Numbers>
void put(std::string& out, Numbers... numbers) {
  (put_number(out, static_cast<std::uint64_t>(numbers)), ...);
}

/// Ids in order, so that equal states have equal bytes.
template <class Map>
auto sorted_ids(const Map& map) {
  std::vector<typename Map::key_type> ids;
  ids.reserve(map.size());
  for (const auto& [id, value] : map) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Error malformed() { return {ErrorCode::corrupt, "the checkpoint is malformed", {.backend = "embedded"}}; }

/// What stands in the order of its key. A message that waits only for its time does not.
std::unordered_map<Sequence, std::uint64_t> keyed(const Subscription& subscription) {
  std::unordered_map<Sequence, std::uint64_t> hashes;
  for (const auto& [hash, sequences] : subscription.keys) {
    for (const auto sequence : sequences) hashes.emplace(sequence, hash);
  }
  return hashes;
}

}  // namespace

std::string Snapshot::encode(const State& state) {
  SegmentUse use;
  return encode(state, use);
}

std::string Snapshot::encode(const State& state, SegmentUse& use) {
  auto oldest = std::numeric_limits<std::uint64_t>::max();
  std::string out(sizeof oldest, '\0');
  put(out, version, state.last_queue_, state.last_subscription_, state.last_producer_, state.last_consumer_);
  put(out, state.queues_.size());
  for (const auto id : sorted_ids(state.queues_)) put_queue(out, state.queues_.at(id), use);
  put(out, state.spaces_.size());
  for (const auto& [name, space] : state.spaces_) put_space(out, space);
  put(out, state.producers_.size());
  for (const auto id : sorted_ids(state.producers_)) {
    const auto& producer = state.producers_.at(id);
    put(out, id, producer.queue, producer.named, producer.owner, producer.last);
    put_text(out, producer.name);
  }
  put(out, state.subscriptions_.size());
  for (const auto id : sorted_ids(state.subscriptions_)) {
    const auto& subscription = state.subscriptions_.at(id);
    put_subscription(out, subscription, state.queues_.at(subscription.queue));
  }
  put(out, state.consumers_.size());
  for (const auto id : sorted_ids(state.consumers_)) {
    const auto& consumer = state.consumers_.at(id);
    put(out, id, consumer.subscription, consumer.owner, consumer.ack_timeout);
  }
  if (!use.empty()) oldest = use.begin()->first;
  std::memcpy(out.data(), &oldest, sizeof oldest);
  return out;
}

std::uint64_t Snapshot::oldest_segment(std::string_view bytes) {
  std::uint64_t oldest = 0;
  if (bytes.size() < sizeof oldest) throw malformed();
  std::memcpy(&oldest, bytes.data(), sizeof oldest);
  return oldest;
}

void Snapshot::put_queue(std::string& out, const Queue& queue, SegmentUse& use) {
  put(out, queue.id, queue.best_effort);
  put_text(out, queue.name);
  put_text(out, queue.space->name);
  if (!queue.best_effort) queue.messages.pack(out, use);
}

void Snapshot::put_space(std::string& out, const Space& space) {
  put_text(out, space.name);
  put(out, space.settled_bytes, space.pending_bytes, space.history.size());
  for (const auto& run : space.history) put(out, run.queue, run.first, run.count);
}

void Snapshot::put_subscription(std::string& out, const Subscription& s, const Queue& queue) {
  put(out, s.id, s.queue, s.lifetime, s.expiry, s.expires_at, s.sharing, s.ordered_keys);
  put_text(out, s.name);
  put(out, queue.best_effort ? 1 : s.next, s.epoch, s.redelivered, s.consumers.size());
  for (const auto consumer : s.consumers) put(out, consumer);
  if (queue.best_effort) return put(out, 0, 0, 0);
  put(out, s.backlog, s.backlog_bytes, s.outstanding.size());
  const auto hashes = keyed(s);
  Sequence before = 0;
  s.outstanding.for_each([&](Sequence at, const Outstanding& outstanding) {
    const auto hash = hashes.find(at);
    put(out, at - std::exchange(before, at), outstanding.phase, hash == hashes.end() ? 0 : hash->second,
        outstanding.attempts, outstanding.consumer, outstanding.epoch, outstanding.when);
  });
}

void Snapshot::decode(std::shared_ptr<const std::string> bytes, State& state) {
  oldest_segment(*bytes);
  ByteReader in(std::string_view(*bytes).substr(sizeof(std::uint64_t)));
  if (const auto found = in.number(); found != version) {
    throw Error(ErrorCode::unsupported,
                "the checkpoint has format " + std::to_string(found) + ", this program knows " +
                    std::to_string(version),
                {.backend = "embedded", .hint = "open the store with the version that wrote it"});
  }
  state.last_queue_ = in.number_as<QueueId>();
  state.last_subscription_ = in.number_as<SubscriptionId>();
  state.last_producer_ = in.number_as<ProducerId>();
  state.last_consumer_ = in.number();
  for (auto left = in.number(); left > 0; --left) take_queue(in, state, bytes);
  for (auto left = in.number(); left > 0; --left) take_space(in, state);
  for (auto left = in.number(); left > 0; --left) take_producer(in, state);
  for (auto left = in.number(); left > 0; --left) take_subscription(in, state);
  for (auto left = in.number(); left > 0; --left) take_consumer(in, state);
  if (!in.done()) throw malformed();
  count_held(state);
}

void Snapshot::take_queue(ByteReader& in, State& state, const std::shared_ptr<const std::string>& bytes) {
  record::CreateQueue created;
  created.id = in.number_as<QueueId>();
  created.best_effort = in.number() != 0;
  created.name = in.text();
  created.space = in.text();
  Effects ignored;
  state.apply(created, ignored);
  auto* queue = state.queue(created.id);
  if (queue == nullptr) throw malformed();
  if (!created.best_effort) queue->messages.take(in, bytes);
}

void Snapshot::take_space(ByteReader& in, State& state) {
  const auto found = state.spaces_.find(in.text());
  if (found == state.spaces_.end()) throw malformed();
  auto& space = found->second;
  space.settled_bytes = in.number();
  space.pending_bytes = in.number();
  for (auto left = in.number(); left > 0; --left) {
    auto& run = space.history.emplace_back();
    run.queue = in.number_as<QueueId>();
    run.first = in.number();
    run.count = in.number();
  }
}

void Snapshot::take_producer(ByteReader& in, State& state) {
  Producer producer;
  producer.id = in.number_as<ProducerId>();
  producer.queue = in.number_as<QueueId>();
  producer.named = in.number() != 0;
  producer.owner = in.number();
  producer.last = in.number();
  producer.name = in.text();
  auto* queue = state.queue(producer.queue);
  if (queue == nullptr) throw malformed();
  queue->producers[producer.name] = producer.id;
  state.producers_[producer.id] = std::move(producer);
}

void Snapshot::take_subscription(ByteReader& in, State& state) {
  Subscription s;
  s.id = in.number_as<SubscriptionId>();
  s.queue = in.number_as<QueueId>();
  s.lifetime = in.number_as<Lifetime>();
  s.expiry = in.number_as<Millis>();
  s.expires_at = in.number_as<Millis>();
  s.sharing = in.number_as<Sharing>();
  s.ordered_keys = in.number() != 0;
  s.name = in.text();
  s.next = in.number();
  s.epoch = in.number();
  s.redelivered = in.number();
  for (auto left = in.number(); left > 0; --left) s.consumers.push_back(in.number());
  auto* queue = state.queue(s.queue);
  if (queue == nullptr) throw malformed();
  s.backlog = in.number();
  s.backlog_bytes = in.number();
  take_outstanding(in, s);
  queue->subscriptions[s.name] = s.id;
  const auto id = s.id;
  state.subscriptions_[id] = std::move(s);
}

void Snapshot::take_outstanding(ByteReader& in, Subscription& s) {
  Sequence at = 0;
  for (auto left = in.number(); left > 0; --left) {
    at += in.number();
    auto& outstanding = s.outstanding[at];
    outstanding.phase = in.number_as<Phase>();
    const auto hash = in.number();
    outstanding.attempts = in.number_as<std::uint32_t>();
    outstanding.consumer = in.number();
    outstanding.epoch = in.number();
    outstanding.when = in.number_as<Millis>();
    if (outstanding.phase == Phase::returned) s.returned.emplace(outstanding.when, at);
    if (outstanding.phase == Phase::leased) ++s.in_flight;
    if (outstanding.phase == Phase::leased && outstanding.when > 0) s.deadlines.emplace(outstanding.when, at);
    if (hash != 0) s.keys[hash].insert(at);
  }
}

void Snapshot::take_consumer(ByteReader& in, State& state) {
  Consumer consumer;
  consumer.id = in.number();
  consumer.subscription = in.number_as<SubscriptionId>();
  consumer.owner = in.number();
  consumer.ack_timeout = in.number_as<Millis>();
  state.consumers_[consumer.id] = consumer;
}

void Snapshot::count_held(State& state) {
  for (const auto& [id, subscription] : state.subscriptions_) {
    subscription.outstanding.for_each([&](Sequence, const Outstanding& outstanding) {
      if (outstanding.phase != Phase::leased) return;
      const auto holder = state.consumers_.find(outstanding.consumer);
      if (holder != state.consumers_.end()) ++holder->second.held;
    });
  }
}

}  // namespace omnibus::embedded
