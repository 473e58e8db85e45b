/// How messages come in.

#include <algorithm>
#include <charconv>
#include <utility>

#include <omnibus/log.hpp>

#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/subscriber.hpp"
#include "backends/pulsar/subscriber_part.hpp"

namespace omnibus::pulsar {
namespace {

constexpr std::size_t loose_messages = 8192;  ///< best effort: kept for a slow consumer
constexpr std::size_t loose_bytes = 64u << 20;
constexpr std::size_t most_producers = 1000;      ///< whose gaps are watched
constexpr std::uint64_t largest_gap = 1'000'000;  ///< more is a number that its user chose

/// The form that Pulsar's tools print: ledger:entry:partition:index.
std::string id_text(const Entry& entry, bool partitioned, std::uint32_t index) {
  char text[64];
  char* at = text;
  const auto number = [&](auto value, char before) {
    if (before != '\0') *at++ = before;
    at = std::to_chars(at, text + sizeof text, value).ptr;
  };
  number(entry.key.ledger, '\0');
  number(entry.key.entry, ':');
  number(partitioned ? static_cast<std::int32_t>(entry.key.part) : -1, ':');
  if (entry.batch) number(index, ':');
  return {text, at};
}

SystemTime time_of(std::uint64_t milliseconds) {
  return SystemTime(std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds & 0x7fffffffffffffffu)));
}

std::size_t messages_in(const proto::MessageMetadata& metadata) {
  return metadata.num_messages_in_batch() > 0 ? static_cast<std::size_t>(metadata.num_messages_in_batch())
                                              : 1;
}

/// The indexes of a batch that are not acknowledged; empty for all.
std::vector<bool> waiting_of(const proto::CommandMessage& command, std::size_t count) {
  std::vector<bool> waiting;
  if (command.ack_set_size() == 0) return waiting;
  waiting.resize(count);
  for (std::size_t i = 0; i < count && i / 64 < static_cast<std::size_t>(command.ack_set_size()); ++i) {
    const auto word = static_cast<std::uint64_t>(command.ack_set(static_cast<int>(i / 64)));
    waiting[i] = ((word >> (i % 64)) & 1) != 0;
  }
  return waiting;
}

}  // namespace

void Subscriber::on_message(Part& part, const proto::CommandMessage& command, const Frame::Message& message) {
  if (closed_ || lost_) return;
  received_ = true;
  // The broker counts as it sends: each message of a batch that is not acknowledged.
  const std::size_t count = std::min(messages_in(message.metadata), largest_batch);
  const auto waiting = waiting_of(command, count);
  const auto sent =
      waiting.empty() ? count : static_cast<std::size_t>(std::count(waiting.begin(), waiting.end(), true));
  part.permits -= static_cast<std::int64_t>(sent);
  try {
    take(part, command, message);
  } catch (const std::exception& error) {
    log::write(log::Level::error, config_.queue + " (" + config_.link.subscription + "): message " +
                                      std::to_string(command.message_id().ledgerid()) + ":" +
                                      std::to_string(command.message_id().entryid()) +
                                      " cannot be read and stays unacknowledged: " + error.what());
  }
  schedule_pump();
}

void Subscriber::take(Part& part, const proto::CommandMessage& command, const Frame::Message& message) {
  const auto& metadata = message.metadata;
  const EntryKey key{command.message_id().ledgerid(), command.message_id().entryid(), part.number};
  if (metadata.has_marker_type()) return;
  if (metadata.has_encryption_algo()) throw ProtocolError("it is encrypted, which is not supported");
  if (!config_.best_effort && unsettled_.find(key) != nullptr) return;  // here already, or being settled
  std::vector<EntryKey> chunks;
  auto payload = whole_payload(part, key, message, chunks);
  if (!payload) return;
  if (metadata.compression() != proto::NONE) {
    if (metadata.uncompressed_size() > largest_payload) throw ProtocolError("it is too large when unpacked");
    payload = decompress(metadata.compression(), *payload, metadata.uncompressed_size());
  }
  if (config_.best_effort) return accept_loose(metadata, std::move(*payload));
  accept(key, command, metadata, std::move(*payload), std::move(chunks));
}

/// Empty while chunks are missing.
std::optional<std::string> Subscriber::whole_payload(Part& part, const EntryKey& key,
                                                     const Frame::Message& message,
                                                     std::vector<EntryKey>& chunks) {
  const auto& metadata = message.metadata;
  if (metadata.num_chunks_from_msg() <= 1) return std::string(message.payload);
  std::vector<EntryKey> dropped;
  auto whole = part.chunks.add(metadata, message.payload, key, dropped);
  if (!dropped.empty()) {
    log::write(log::Level::warning, config_.queue + " (" + config_.link.subscription +
                                        "): " + std::to_string(dropped.size()) +
                                        " chunks without their beginning stay unacknowledged");
  }
  if (!whole) return std::nullopt;
  chunks = std::move(whole->earlier);
  return std::move(whole->payload);
}

void Subscriber::accept(const EntryKey& key, const proto::CommandMessage& command,
                        const proto::MessageMetadata& metadata, std::string payload,
                        std::vector<EntryKey> chunks) {
  const bool batch = metadata.has_num_messages_in_batch();
  const std::size_t count = batch ? messages_in(metadata) : 1;
  const auto kept = std::make_shared<const std::string>(std::move(payload));
  std::vector<Single> singles;
  std::vector<driver::Delivery> deliveries(batch ? 0 : 1);
  if (batch) {
    // Read as a whole first: a damaged batch leaves nothing behind.
    split_batch(*kept, count,
                [&](std::size_t, const Single& single, const proto::SingleMessageMetadata& header) {
                  singles.push_back(single);
                  deliveries.emplace_back();
                  deliveries.back().body = driver::Body(kept, single.body);
                  read_header(header, deliveries.back());
                });
  } else {
    deliveries[0].body = driver::Body(kept, *kept);
    read_header(metadata, deliveries[0]);
  }
  Entry* const entry = unsettled_.add(key, count, batch, waiting_of(command, count));
  entry->redelivered = command.redelivery_count();
  entry->publish_time = time_of(metadata.publish_time());
  entry->chunks = std::move(chunks);
  if (batch || local()) entry->payload = kept;
  entry->singles = std::move(singles);
  if (!batch && local()) entry->metadata = std::make_shared<const proto::MessageMetadata>(metadata);
  if (entry->left == 0) return unsettled_.erase(key);
  for (std::size_t i = 0; i < count; ++i) {
    if (entry->slots[i].state != Slot::State::settled)
      buffer(*entry, static_cast<std::uint32_t>(i), std::move(deliveries[i]));
  }
}

/// Best effort: nothing is settled, and the oldest go when nobody takes them.
void Subscriber::accept_loose(const proto::MessageMetadata& metadata, std::string payload) {
  note_gap(metadata);
  const auto kept = std::make_shared<const std::string>(std::move(payload));
  const auto add = [&](driver::Delivery delivery) {
    delivery.attempt = 1;
    delivery.publish_time = time_of(metadata.publish_time());
    ready_bytes_ += delivery.body.bytes().size();
    ready_.push_back({std::move(delivery)});
  };
  if (!metadata.has_num_messages_in_batch()) {
    driver::Delivery delivery{.body = driver::Body(kept, *kept)};
    read_header(metadata, delivery);
    add(std::move(delivery));
  } else {
    split_batch(*kept, messages_in(metadata),
                [&](std::size_t, const Single& single, const proto::SingleMessageMetadata& header) {
                  driver::Delivery delivery{.body = driver::Body(kept, single.body)};
                  read_header(header, delivery);
                  add(std::move(delivery));
                });
  }
  drop_oldest();
}

/// The broker drops what a connection does not take in time, and tells nobody. Producers number without gaps
/// unless their user numbers or keys spread them over partitions.
void Subscriber::note_gap(const proto::MessageMetadata& metadata) {
  if (parts_.size() > 1) return;
  if (sequences_.size() >= most_producers) sequences_.clear();
  const std::uint64_t first = metadata.sequence_id();
  const std::uint64_t last = std::max(first, metadata.highest_sequence_id());
  const auto [known, fresh] = sequences_.try_emplace(metadata.producer_name(), last);
  if (fresh) return;
  if (first > known->second && first - known->second - 1 <= largest_gap)
    dropped_ += first - known->second - 1;
  known->second = std::max(known->second, last);
}

void Subscriber::drop_oldest() {
  while (ready_.size() > loose_messages || (ready_bytes_ > loose_bytes && ready_.size() > 1)) {
    ready_bytes_ -= ready_.front().delivery.body.bytes().size();
    ready_.pop_front();
    ++dropped_;
  }
}

void Subscriber::buffer(Entry& entry, std::uint32_t index, driver::Delivery delivery) {
  entry.slots[index].state = Slot::State::buffered;
  finish(delivery, entry, index);
  ready_.push_back({std::move(delivery), &entry, index});
}

/// Fills in what does not depend on the message's own header.
void Subscriber::finish(driver::Delivery& delivery, const Entry& entry, std::uint32_t index) const {
  const Slot& slot = entry.slots[index];
  const std::uint32_t size = entry.batch ? static_cast<std::uint32_t>(entry.slots.size()) : 0;
  delivery.ack = MessageKey{entry.key, index, size, slot.turn}.pack();
  delivery.attempt = entry.redelivered + slot.returned + 1u;
  delivery.publish_time = entry.publish_time;
  delivery.message_id = id_text(entry, parts_.size() > 1, index);
  if (delivery.attempt > 1) session_->count_redelivery(config_.link.topic, config_.link.subscription);
}

/// A message that is delivered again from here.
driver::Delivery Subscriber::again(const Entry& entry, std::uint32_t index) const {
  driver::Delivery delivery;
  if (entry.batch) {
    const Single& single = entry.singles[index];
    delivery.body = driver::Body(entry.payload, single.body);
    read_header(parse_header(single.header), delivery);
  } else {
    delivery.body = driver::Body(entry.payload, *entry.payload);
    read_header(*entry.metadata, delivery);
  }
  return delivery;
}

}  // namespace omnibus::pulsar
