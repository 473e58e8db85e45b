/// How messages are settled and come back.

#include <algorithm>
#include <utility>

#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/subscriber.hpp"
#include "backends/pulsar/subscriber_part.hpp"
#include "wire/gather.hpp"

namespace omnibus::pulsar {
namespace {

void set_position(proto::MessageIdData& id, const EntryKey& key) {
  id.set_ledgerid(key.ledger);
  id.set_entryid(key.entry);
}

/// The indexes of a batch that stay unacknowledged, as the protocol wants them: set bits, 64 in a word.
template <class Left>
void set_left(proto::MessageIdData& id, std::size_t count, Left left) {
  id.set_batch_size(static_cast<std::int32_t>(count));
  for (std::size_t word = 0; word * 64 < count; ++word) {
    std::uint64_t bits = 0;
    for (std::size_t bit = 0; bit < 64 && word * 64 + bit < count; ++bit) {
      if (left(word * 64 + bit)) bits |= std::uint64_t{1} << bit;
    }
    id.add_ack_set(static_cast<std::int64_t>(bits));
  }
}

}  // namespace

Error Subscriber::stale() const {
  return make_error(ErrorCode::stale_ack,
                    "a message of " + config_.queue + " (" + config_.link.subscription +
                        ") is no longer held by this consumer",
                    false);
}

void Subscriber::acknowledge(std::span<const driver::AckId> ids,
                             const std::optional<TransactionId>& transaction, Completion done) {
  if (config_.best_effort) return done(nullptr);
  if (lost_ || closed_) {
    const Error error = lost_ ? *lost_ : make_error(ErrorCode::closed, "the consumer is closed", false);
    return done(&error);
  }
  bool any_stale = false;
  AckCommands commands;
  std::vector<Touched> touched;
  for (const auto& id : ids) {
    const auto message = MessageKey::unpack(id);
    if (message.entry.part >= parts_.size()) {
      any_stale = true;
      continue;
    }
    switch (unsettled_.settle(message)) {
      case Unsettled::Verdict::settled:
        touch(touched, message);
        break;
      case Unsettled::Verdict::stale:
        any_stale = true;
        break;
      case Unsettled::Verdict::unknown:
        add_early_ack(commands, message);
        break;
      case Unsettled::Verdict::before:
        break;
    }
  }
  for (const auto& one : touched) {
    Entry& entry = *unsettled_.find(one.key);
    entry.transactional = entry.transactional || transaction.has_value();
    add_ack(commands, entry, one.indexes);
    if (entry.left > 0) continue;
    if (entry.transactional) {
      unsettled_.settle_entry(one.key);
    } else {
      unsettled_.erase(one.key);
    }
  }
  send_acks(commands, transaction, any_stale, std::move(done));
}

void Subscriber::touch(std::vector<Touched>& touched, const MessageKey& message) {
  // Nearly always the last.
  auto found = std::find_if(touched.rbegin(), touched.rend(),
                            [&](const Touched& one) { return one.key == message.entry; });
  if (found == touched.rend()) {
    touched.push_back({message.entry, {}});
    found = touched.rbegin();
  }
  found->indexes.push_back(message.index);
}

/// Acknowledges one message from before this consumer's time.
void Subscriber::add_early_ack(AckCommands& commands, const MessageKey& message) {
  auto& ack = *commands[message.entry.part].mutable_ack();
  auto& id = *ack.add_message_id();
  set_position(id, message.entry);
  if (message.size > 0) {
    set_left(id, message.size, [&](std::size_t index) { return index != message.index; });
  }
  const auto whose = config_.link.topic + config_.link.subscription;
  for (const auto& chunk : session_->forget_chunks(whose, message.entry)) {
    set_position(*ack.add_message_id(), chunk);
  }
}

/// Acknowledges an entry as far as it is settled. Once a transaction took part only these messages: the
/// others' end is not known.
void Subscriber::add_ack(AckCommands& commands, const Entry& entry,
                         const std::vector<std::uint32_t>& indexes) {
  auto& ack = *commands[entry.key.part].mutable_ack();
  auto& id = *ack.add_message_id();
  set_position(id, entry.key);
  const auto count = entry.slots.size();
  if (entry.transactional && indexes.size() < count) {
    std::vector<bool> left(count, true);
    for (const auto index : indexes) left[index] = false;
    return set_left(id, count, [&](std::size_t index) { return left[index]; });
  }
  if (entry.left > 0) {
    return set_left(id, count,
                    [&](std::size_t index) { return entry.slots[index].state != Slot::State::settled; });
  }
  for (const auto& chunk : entry.chunks) set_position(*ack.add_message_id(), chunk);
}

void Subscriber::send_acks(AckCommands& commands, const std::optional<TransactionId>& transaction,
                           bool any_stale, Completion done) {
  wire::Gather all(commands.size(),
                   [any_stale, stale_error = stale(), done = std::move(done)](const Error* error) mutable {
                     done(error == nullptr && any_stale ? &stale_error : error);
                   });
  for (auto& [number, command] : commands) {
    const auto& link = parts_[number]->link;
    const auto request = link.connection->next_id();
    auto& ack = *command.mutable_ack();
    command.set_type(proto::BaseCommand::ACK);
    ack.set_consumer_id(link.id);
    ack.set_ack_type(proto::CommandAck::Individual);
    ack.set_request_id(request);
    if (transaction) {
      ack.set_txnid_most_bits(transaction->most);
      ack.set_txnid_least_bits(transaction->least);
    }
    link.connection->request(
        command, request, "cannot acknowledge to " + config_.queue,
        [part = all.part()](const Error* error, const proto::BaseCommand&) mutable { part(error); }, link.id);
  }
}

std::vector<std::string> Subscriber::topics_of(std::span<const driver::AckId> ids) const {
  std::vector<std::string> topics;
  for (const auto& id : ids) {
    const auto part = MessageKey::unpack(id).entry.part;
    if (part >= parts_.size()) continue;
    const auto& topic = parts_[part]->topic;
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) topics.push_back(topic);
  }
  return topics;
}

// ---- give back

void Subscriber::negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done) {
  if (config_.best_effort) return done(nullptr);
  if (lost_ || closed_) {
    const Error error = lost_ ? *lost_ : make_error(ErrorCode::closed, "the consumer is closed", false);
    return done(&error);
  }
  bool any_stale = false;
  for (const auto& id : ids) {
    auto message = MessageKey::unpack(id);
    const auto verdict = unsettled_.give_back(message);
    any_stale = any_stale || verdict == Unsettled::Verdict::stale;
    if (verdict != Unsettled::Verdict::settled) continue;
    message.turn = (message.turn + 1) % MessageKey::turns;
    schedule(deadline_after(delay), {message, false});
  }
  if (!any_stale) return done(nullptr);
  const Error error = stale();
  done(&error);
}

void Subscriber::schedule(TimePoint when, const Due& due) {
  const bool first = due_.empty() || when < due_.begin()->first;
  due_.emplace(when, due);
  if (first) arm();
}

void Subscriber::arm() {
  if (due_.empty() || closed_) return;
  due_timer_.at(due_.begin()->first, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->run_due();
  });
}

void Subscriber::run_due() {
  const TimePoint now = Clock::now();
  while (!due_.empty() && due_.begin()->first <= now) {
    const Due due = due_.extract(due_.begin()).mapped();
    if (!lost_) come_back(due);
  }
  arm();
  schedule_pump();
}

void Subscriber::come_back(const Due& due) {
  MessageKey message = due.message;
  if (due.unsettled) {
    // Not settled in time; if it was meanwhile, this says so.
    if (unsettled_.give_back(message) != Unsettled::Verdict::settled) return;
    message.turn = (message.turn + 1) % MessageKey::turns;
  }
  Entry* const entry = unsettled_.find(message.entry);
  if (entry == nullptr) return;
  const Slot& slot = entry->slots[message.index];
  if (slot.state != Slot::State::away || slot.turn != message.turn) return;
  if (!local() && entry->only(message.index)) return redeliver(*entry);
  buffer(*entry, message.index, again(*entry, message.index));
}

void Subscriber::redeliver(const Entry& entry) {
  const auto& link = parts_[entry.key.part]->link;
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::REDELIVER_UNACKNOWLEDGED_MESSAGES);
  auto& redeliver = *command.mutable_redeliverunacknowledgedmessages();
  redeliver.set_consumer_id(link.id);
  for (const auto& chunk : entry.chunks) set_position(*redeliver.add_message_ids(), chunk);
  set_position(*redeliver.add_message_ids(), entry.key);
  link.connection->send(command);
  unsettled_.return_entry(entry.key);
}

}  // namespace omnibus::pulsar
