#include "backends/embedded/snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

namespace omnibus::embedded {
namespace {

using Phase = Outstanding::Phase;

constexpr std::uint64_t version = 1;

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

/// It stands in the order of its key. A message that waits only for its time does not.
bool is_keyed(const Queue& queue, const Subscription& subscription, Sequence sequence) {
  const auto* message = queue.messages.find(sequence);
  if (message == nullptr || message->key_hash == 0) return false;
  const auto key = subscription.keys.find(message->key_hash);
  return key != subscription.keys.end() && key->second.contains(sequence);
}

void put_messages(std::string& out, const Messages& messages, std::uint64_t& oldest_segment) {
  put(out, messages.last(), messages.size());
  Sequence before = 0;
  for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) {
    const auto& message = *messages.find(at);
    const auto& content = message.content;
    put(out, at - std::exchange(before, at), message.time, message.deliver_at, message.key_hash,
        message.bytes);
    put(out, content.segment, content.frame, content.at, content.size, content.blob);
    oldest_segment = std::min(oldest_segment, content.segment);
  }
}

StoredMessage take_message(ByteReader& in) {
  StoredMessage message;
  message.time = in.number_as<Millis>();
  message.deliver_at = in.number_as<Millis>();
  message.key_hash = in.number();
  message.bytes = in.number();
  auto& place = message.content;
  place.segment = in.number();
  place.frame = in.number_as<std::uint32_t>();
  place.at = in.number_as<std::uint32_t>();
  place.size = in.number();
  place.blob = in.number();
  return message;
}

/// Returns how many could not be found.
std::uint64_t take_messages(ByteReader& in, Messages& messages, const Snapshot::Resolve& resolve) {
  const auto last = in.number();
  std::uint64_t lost = 0;
  Sequence at = 0;
  for (auto left = in.number(); left > 0; --left) {
    at += in.number();
    auto message = take_message(in);
    if (at <= messages.last() || at > last || message.bytes == 0) throw malformed();
    try {
      message.content = resolve(message.content);
    } catch (const Error&) {
      ++lost;
      continue;
    }
    messages.append(at, std::move(message));
  }
  messages.advance(last);
  return lost;
}

}  // namespace

std::string Snapshot::encode(const State& state) {
  auto oldest = std::numeric_limits<std::uint64_t>::max();
  std::string out(sizeof oldest, '\0');
  put(out, version, state.last_queue_, state.last_subscription_, state.last_producer_, state.last_consumer_);
  put(out, state.queues_.size());
  for (const auto id : sorted_ids(state.queues_)) put_queue(out, state.queues_.at(id), oldest);
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
  std::memcpy(out.data(), &oldest, sizeof oldest);
  return out;
}

std::uint64_t Snapshot::oldest_segment(std::string_view bytes) {
  std::uint64_t oldest = 0;
  if (bytes.size() < sizeof oldest) throw malformed();
  std::memcpy(&oldest, bytes.data(), sizeof oldest);
  return oldest;
}

void Snapshot::put_queue(std::string& out, const Queue& queue, std::uint64_t& oldest_segment) {
  put(out, queue.id, queue.best_effort);
  put_text(out, queue.name);
  put_text(out, queue.space->name);
  if (!queue.best_effort) return put_messages(out, queue.messages, oldest_segment);
  put(out, 0, 0);
}

void Snapshot::put_subscription(std::string& out, const Subscription& s, const Queue& queue) {
  put(out, s.id, s.queue, s.lifetime, s.expiry, s.expires_at, s.sharing, s.ordered_keys);
  put_text(out, s.name);
  put(out, queue.best_effort ? 1 : s.next, s.epoch, s.redelivered, s.consumers.size());
  for (const auto consumer : s.consumers) put(out, consumer);
  put(out, queue.best_effort ? 0 : s.outstanding.size());
  if (queue.best_effort) return;
  Sequence before = 0;
  s.outstanding.for_each([&](Sequence at, const Outstanding& outstanding) {
    put(out, at - std::exchange(before, at), outstanding.phase, is_keyed(queue, s, at), outstanding.attempts,
        outstanding.consumer, outstanding.epoch, outstanding.when);
  });
}

std::uint64_t Snapshot::decode(std::string_view bytes, State& state, const Resolve& resolve) {
  oldest_segment(bytes);
  ByteReader in(bytes.substr(sizeof(std::uint64_t)));
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
  std::uint64_t lost = 0;
  for (auto left = in.number(); left > 0; --left) lost += take_queue(in, state, resolve);
  for (auto left = in.number(); left > 0; --left) take_producer(in, state);
  for (auto left = in.number(); left > 0; --left) take_subscription(in, state);
  for (auto left = in.number(); left > 0; --left) take_consumer(in, state);
  if (!in.done()) throw malformed();
  count_held(state);
  count_space(state);
  return lost;
}

std::uint64_t Snapshot::take_queue(ByteReader& in, State& state, const Resolve& resolve) {
  record::CreateQueue created;
  created.id = in.number_as<QueueId>();
  created.best_effort = in.number() != 0;
  created.name = in.text();
  created.space = in.text();
  Effects ignored;
  state.apply(created, ignored);
  auto* queue = state.queue(created.id);
  if (queue == nullptr) throw malformed();
  return take_messages(in, queue->messages, resolve);
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
  take_outstanding(in, *queue, s);
  free_keys(s);
  count_waiting(*queue, s);
  queue->subscriptions[s.name] = s.id;
  const auto id = s.id;
  state.subscriptions_[id] = std::move(s);
}

void Snapshot::take_outstanding(ByteReader& in, Queue& queue, Subscription& s) {
  Sequence at = 0;
  for (auto left = in.number(); left > 0; --left) {
    Outstanding outstanding;
    at += in.number();
    outstanding.phase = in.number_as<Phase>();
    const bool keyed = in.number() != 0;
    outstanding.attempts = in.number_as<std::uint32_t>();
    outstanding.consumer = in.number();
    outstanding.epoch = in.number();
    outstanding.when = in.number_as<Millis>();
    const auto* message = queue.messages.find(at);
    if (message == nullptr) continue;
    s.outstanding[at] = outstanding;
    if (outstanding.phase == Phase::returned) s.returned.emplace(outstanding.when, at);
    if (outstanding.phase == Phase::leased) ++s.in_flight;
    if (outstanding.phase == Phase::leased && outstanding.when > 0) s.deadlines.emplace(outstanding.when, at);
    if (keyed) s.keys[message->key_hash].insert(at);
  }
}

/// The message that others of its key wait for may be one that could not be found.
void Snapshot::free_keys(Subscription& s) {
  for (const auto& [hash, sequences] : s.keys) {
    auto* first = s.outstanding.find(*sequences.begin());
    if (first->phase != Phase::blocked) continue;
    first->phase = Phase::returned;
    first->when = 0;
    s.returned.emplace(0, *sequences.begin());
  }
}

void Snapshot::count_waiting(Queue& queue, Subscription& s) {
  const auto wait_for = [&](Sequence at) {
    auto* message = queue.messages.find(at);
    ++message->pending;
    ++s.backlog;
    s.backlog_bytes += message->bytes;
  };
  s.outstanding.for_each([&](Sequence at, const Outstanding&) { wait_for(at); });
  const auto& messages = queue.messages;
  for (auto at = messages.first_from(s.next); at <= messages.last(); at = messages.first_from(at + 1)) {
    wait_for(at);
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

/// The order in which messages were settled is not kept; by age is as good for what goes first.
void Snapshot::count_space(State& state) {
  std::vector<std::tuple<Millis, QueueId, Sequence>> settled;
  for (const auto& [id, queue] : state.queues_) {
    const auto& messages = queue.messages;
    for (auto at = messages.first_from(1); at <= messages.last(); at = messages.first_from(at + 1)) {
      const auto& message = *messages.find(at);
      (message.pending > 0 ? queue.space->pending_bytes : queue.space->settled_bytes) += message.bytes;
      if (message.pending == 0) settled.emplace_back(message.time, id, at);
    }
  }
  std::sort(settled.begin(), settled.end());
  for (const auto& [time, id, at] : settled) state.queues_.at(id).space->history.emplace_back(id, at);
}

}  // namespace omnibus::embedded
