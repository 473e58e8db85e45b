/// How a producer's messages are put into frames.

#include <algorithm>
#include <utility>

#include "backends/pulsar/batch.hpp"
#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/topic_producer.hpp"

namespace omnibus::pulsar {
namespace {

/// The broker drops what a connection sends beyond 1000 unconfirmed frames to non-persistent topics.
constexpr std::size_t best_effort_in_flight = 500;
/// What a broker has not confirmed may come back over the same connection as messages; beyond its high-water
/// mark of 64 KiB the broker drops them.
constexpr std::size_t best_effort_bytes = std::size_t{32} << 10;
constexpr std::size_t metadata_slack = 256;  ///< for the fields of chunks
constexpr std::size_t frame_room = 512;      ///< for what goes before a payload

std::uint64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

std::size_t size_of(const driver::Outgoing& message) {
  std::size_t size = message.payload.size() + message.key.size() + 32;
  for (const auto& [key, value] : message.properties) size += key.size() + value.size() + 8;
  return size;
}

}  // namespace

void TopicProducer::send(Sending sending) {
  const std::size_t size = size_of(*sending.message);
  queued_bytes_ += size;
  queue_.push_back({std::move(sending), size});
}

/// Best effort: whether what is under way must be confirmed first.
bool TopicProducer::throttled() const noexcept {
  if (!config_.best_effort || pending_.empty()) return false;
  return pending_.size() >= best_effort_in_flight || pending_bytes_ >= best_effort_bytes;
}

bool TopicProducer::full() const noexcept {
  return queue_.size() >= batch_messages || queued_bytes_ >= batch_limit();
}

std::size_t TopicProducer::batch_limit() const noexcept {
  return std::min(batch_bytes, max_message_size() / 2);
}

void TopicProducer::pump(bool now) {
  if (dead_) {
    const Error error = *dead_;
    queued_bytes_ = 0;
    for (auto& one : std::exchange(queue_, {})) one.sending.done(&error);
    return;
  }
  while (!queue_.empty() && !throttled() && (now || !gathers() || full())) {
    const std::size_t count = group();
    if (count > 1) {
      write_batch(count);
    } else {
      write_single();
    }
    if (dead_) return;
  }
}

/// The broker judges a batch by its first sequence: none may hold sequences on both sides of what it has.
bool TopicProducer::joins(const driver::Outgoing& before, const driver::Outgoing& next) const {
  const auto fresh = [this](std::uint64_t sequence) {
    return static_cast<std::int64_t>(sequence) > last_pushed_;
  };
  return next.sequence > before.sequence && fresh(before.sequence) == fresh(next.sequence);
}

/// How many messages at the front of the queue go together.
std::size_t TopicProducer::group() const {
  if (!config_.batching || queue_.front().sending.transaction) return 1;
  std::size_t bytes = queue_.front().size;
  std::size_t count = 1;
  const std::size_t most = std::min(queue_.size(), batch_messages);
  for (; count < most && !queue_[count].sending.transaction; ++count) {
    bytes += queue_[count].size;
    const auto& before = *queue_[count - 1].sending.message;
    if (bytes > batch_limit() || !joins(before, *queue_[count].sending.message)) break;
  }
  return count;
}

TopicProducer::Operation& TopicProducer::begin_operation(std::uint64_t sequence) {
  return pending_.emplace_back(Operation{.sequence = sequence, .number = ++operations_});
}

/// Moves the first message of the queue to the operation that confirms it.
void TopicProducer::take_first(Operation& operation) {
  auto& first = queue_.front();
  operation.bytes += first.size;
  pending_bytes_ += first.size;
  queued_bytes_ -= first.size;
  operation.done.push_back(std::move(first.sending.done));
  queue_.pop_front();
}

/// Clears the metadata and fills in what all forms have.
void TopicProducer::prepare(std::uint64_t sequence, std::size_t payload_size) {
  metadata_.Clear();
  metadata_.set_producer_name(config_.name);
  metadata_.set_sequence_id(sequence);
  metadata_.set_publish_time(now_ms());
  if (!schema_version_.empty()) metadata_.set_schema_version(schema_version_);
  // The official client cannot unpack what is empty.
  if (config_.compression == proto::NONE || payload_size == 0) return;
  metadata_.set_compression(config_.compression);
  metadata_.set_uncompressed_size(static_cast<std::uint32_t>(payload_size));
}

void TopicProducer::write_batch(std::size_t count) {
  const std::uint64_t first = queue_.front().sending.message->sequence;
  const std::uint64_t last = queue_[count - 1].sending.message->sequence;
  const auto append = [&](std::string& out) {
    for (std::size_t i = 0; i < count; ++i) append_to_batch(out, *queue_[i].sending.message);
  };
  batch_.clear();
  if (config_.compression != proto::NONE) append(batch_);
  prepare(first, batch_.size());
  metadata_.set_num_messages_in_batch(static_cast<std::int32_t>(count));
  metadata_.set_highest_sequence_id(last);
  if (config_.compression != proto::NONE) {
    write_frame(first, last, count, compress(config_.compression, batch_));
  } else {
    std::size_t size = frame_room;
    for (std::size_t i = 0; i < count; ++i) size += queue_[i].size;
    fill_command(first, last, count);
    std::string frame;
    frame.reserve(size);
    MessageFrame message(frame, command_, metadata_);
    append(frame);
    message.finish();
    connection_->send(std::move(frame));
  }
  Operation& operation = begin_operation(first);
  operation.done.reserve(count);
  for (std::size_t i = 0; i < count; ++i) take_first(operation);
}

void TopicProducer::write_single() {
  const auto& sending = queue_.front().sending;
  const auto& message = *sending.message;
  const std::uint64_t sequence = config_.transactional ? ++own_sequence_ : message.sequence;
  prepare(sequence, message.payload.size());
  write_header(metadata_, message);
  if (sending.transaction) {
    metadata_.set_txnid_most_bits(sending.transaction->most);
    metadata_.set_txnid_least_bits(sending.transaction->least);
  }
  std::string compressed;
  std::string_view payload = message.payload;
  if (metadata_.has_compression()) {
    compressed = compress(config_.compression, payload);
    payload = compressed;
  }
  const std::size_t overhead = metadata_.ByteSizeLong() + config_.name.size() + metadata_slack;
  const std::size_t limit =
      max_message_size() > 2 * overhead ? max_message_size() - overhead : max_message_size() / 2;
  if (payload.size() > limit && (config_.best_effort || sending.transaction)) {
    return refuse_first(make_error(ErrorCode::too_large,
                                   "a message of " + std::to_string(payload.size()) +
                                       " bytes is larger than the " + std::to_string(limit) + " that " +
                                       config_.topic + " takes",
                                   false, "only q1 and q2 outside of transactions are sent in chunks"));
  }
  Operation& operation = begin_operation(sequence);
  if (payload.size() > limit) {
    write_chunks(payload, limit, operation);
  } else {
    write_frame(sequence, 0, 1, payload);
  }
  take_first(operation);
}

void TopicProducer::refuse_first(const Error& error) {
  auto done = std::move(queue_.front().sending.done);
  queued_bytes_ -= queue_.front().size;
  queue_.pop_front();
  done(&error);
}

/// Source: Pulsar, "Message chunking": all chunks carry the sequence and the id of the message.
void TopicProducer::write_chunks(std::string_view payload, std::size_t chunk_size, Operation& operation) {
  const std::size_t count = (payload.size() + chunk_size - 1) / chunk_size;
  operation.receipts = count;
  metadata_.set_uuid(config_.name + "-" + std::to_string(operation.sequence));
  metadata_.set_num_chunks_from_msg(static_cast<std::int32_t>(count));
  metadata_.set_total_chunk_msg_size(static_cast<std::int32_t>(payload.size()));
  for (std::size_t i = 0; i < count; ++i) {
    metadata_.set_chunk_id(static_cast<std::int32_t>(i));
    write_frame(operation.sequence, 0, 1, payload.substr(i * chunk_size, chunk_size));
  }
}

/// Of the metadata as it stands. `last` is 0 for what is no batch.
void TopicProducer::fill_command(std::uint64_t first, std::uint64_t last, std::size_t count) {
  command_.Clear();
  command_.set_type(proto::BaseCommand::SEND);
  auto* send = command_.mutable_send();
  send->set_producer_id(id_);
  send->set_sequence_id(first);
  if (count > 1) {
    send->set_num_messages(static_cast<std::int32_t>(count));
    send->set_highest_sequence_id(last);
  }
  if (metadata_.has_chunk_id()) send->set_is_chunk(true);
  if (metadata_.has_txnid_most_bits()) {
    send->set_txnid_most_bits(metadata_.txnid_most_bits());
    send->set_txnid_least_bits(metadata_.txnid_least_bits());
  }
  last_pushed_ = std::max(last_pushed_, static_cast<std::int64_t>(std::max(first, last)));
}

void TopicProducer::write_frame(std::uint64_t first, std::uint64_t last, std::size_t count,
                                std::string_view payload) {
  fill_command(first, last, count);
  std::string frame;
  frame.reserve(payload.size() + frame_room);
  append_message(frame, command_, metadata_, payload);
  connection_->send(std::move(frame));
}

}  // namespace omnibus::pulsar
