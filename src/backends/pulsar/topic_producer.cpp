#include "backends/pulsar/topic_producer.hpp"

#include <algorithm>
#include <utility>

#include "backends/pulsar/batch.hpp"
#include "backends/pulsar/compression.hpp"
#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
namespace {

constexpr std::size_t batch_bytes = 128 * 1024;
constexpr std::size_t batch_messages = 1000;
/// The broker drops what a connection sends beyond 1000 unconfirmed frames to non-persistent topics.
constexpr std::size_t best_effort_in_flight = 500;
constexpr std::size_t metadata_slack = 256;  ///< for the fields of chunks

std::uint64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

std::size_t size_of(const driver::Outgoing& message) {
  std::size_t size = message.payload.size() + message.key.size() + 32;
  for (const auto& [key, value] : message.properties) size += key.size() + value.size() + 8;
  return size;
}

std::string orphan_name(const TopicProducer::Config& config) {
  return "producer " + config.name + " " + config.topic;
}

}  // namespace

TopicProducer::TopicProducer(std::shared_ptr<Session> session, Config config)
    : session_(std::move(session)), config_(std::move(config)), close_timer_(session_->loop()) {}

void TopicProducer::open(std::shared_ptr<Session> session, Config config, Opened opened) {
  auto producer = std::make_shared<TopicProducer>(session, std::move(config));
  session->lookup(producer->config_.topic,
                  [producer, opened = std::move(opened)](
                      const Error* error, const std::shared_ptr<Connection>& connection) mutable {
                    if (error != nullptr) return opened(error, nullptr);
                    producer->register_with(connection, std::move(opened));
                  });
}

void TopicProducer::register_with(const std::shared_ptr<Connection>& connection, Opened opened) {
  connection_ = connection;
  id_ = connection->next_id();
  connection->add_producer(id_, shared_from_this());
  const auto request = connection->next_id();
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::PRODUCER);
  auto* producer = command.mutable_producer();
  producer->set_topic(config_.topic);
  producer->set_producer_id(id_);
  producer->set_request_id(request);
  producer->set_producer_name(config_.name);
  if (config_.transactional) producer->set_txn_enabled(true);
  connection->request(command, request, "cannot create a producer of " + config_.topic,
                      [self = shared_from_this(), opened = std::move(opened)](
                          const Error* error, const proto::BaseCommand& answer) mutable {
                        if (error != nullptr) {
                          self->connection_->remove_producer(self->id_);
                          const Error told = self->session_->judged(*error, orphan_name(self->config_));
                          return opened(&told, nullptr);
                        }
                        self->last_pushed_ = answer.producer_success().last_sequence_id();
                        opened(nullptr, self);
                      });
}

// ---- sending

void TopicProducer::send(Sending sending) { queue_.push_back(std::move(sending)); }

void TopicProducer::pump() {
  if (dead_) {
    const Error error = *dead_;
    for (auto& one : std::exchange(queue_, {})) one.done(&error);
    return;
  }
  while (!queue_.empty() && !(config_.best_effort && pending_.size() >= best_effort_in_flight)) {
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
  if (!config_.batching || queue_.front().transaction) return 1;
  std::size_t bytes = size_of(*queue_.front().message);
  std::size_t count = 1;
  const std::size_t most = std::min(queue_.size(), batch_messages);
  for (; count < most && !queue_[count].transaction; ++count) {
    const auto& next = *queue_[count].message;
    bytes += size_of(next);
    if (bytes > batch_bytes || !joins(*queue_[count - 1].message, next)) break;
  }
  return count;
}

TopicProducer::Operation& TopicProducer::begin_operation(std::uint64_t sequence) {
  return pending_.emplace_back(Operation{.sequence = sequence, .number = ++operations_});
}

/// Clears the metadata and fills in what all forms have.
void TopicProducer::prepare(std::uint64_t sequence, std::size_t payload_size) {
  metadata_.Clear();
  metadata_.set_producer_name(config_.name);
  metadata_.set_sequence_id(sequence);
  metadata_.set_publish_time(now_ms());
  // The official client cannot unpack what is empty.
  if (config_.compression == proto::NONE || payload_size == 0) return;
  metadata_.set_compression(config_.compression);
  metadata_.set_uncompressed_size(static_cast<std::uint32_t>(payload_size));
}

void TopicProducer::write_batch(std::size_t count) {
  batch_.clear();
  Operation& operation = begin_operation(queue_.front().message->sequence);
  const std::uint64_t last = queue_[count - 1].message->sequence;
  for (std::size_t i = 0; i < count; ++i) append_to_batch(batch_, *queue_[i].message);
  prepare(operation.sequence, batch_.size());
  metadata_.set_num_messages_in_batch(static_cast<std::int32_t>(count));
  metadata_.set_highest_sequence_id(last);
  for (std::size_t i = 0; i < count; ++i) {
    operation.done.push_back(std::move(queue_.front().done));
    queue_.pop_front();
  }
  if (config_.compression != proto::NONE) batch_ = compress(config_.compression, batch_);
  write_frame(operation.sequence, last, count, batch_);
}

void TopicProducer::write_single() {
  Sending sending = std::move(queue_.front());
  queue_.pop_front();
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
    const Error error =
        make_error(ErrorCode::too_large,
                   "a message of " + std::to_string(payload.size()) + " bytes is larger than the " +
                       std::to_string(limit) + " that " + config_.topic + " takes",
                   false, "only q1 and q2 outside of transactions are sent in chunks");
    return sending.done(&error);
  }
  Operation& operation = begin_operation(sequence);
  operation.done.push_back(std::move(sending.done));
  if (payload.size() > limit) return write_chunks(payload, limit, operation);
  write_frame(sequence, 0, 1, payload);
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

/// Sends the metadata as it stands, with this payload. `last` is 0 for what is no batch.
void TopicProducer::write_frame(std::uint64_t first, std::uint64_t last, std::size_t count,
                                std::string_view payload) {
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
  std::string frame;
  frame.reserve(payload.size() + 512);
  append_message(frame, command_, metadata_, payload);
  connection_->send(std::move(frame));
}

// ---- what the broker says

void TopicProducer::on_receipt(const proto::CommandSendReceipt& receipt) {
  // Nearly always the first; a repeated sequence may be answered before what is still being stored.
  const auto operation = std::find_if(pending_.begin(), pending_.end(), [&](const Operation& one) {
    return one.sequence == receipt.sequence_id();
  });
  if (operation == pending_.end() || --operation->receipts > 0) return;
  finish(operation, nullptr);
  pump();
}

void TopicProducer::on_send_error(const proto::CommandSendError& refused) {
  const Error error = error_from(refused.error(), refused.message(), "cannot send to " + config_.topic);
  if (error.code() == ErrorCode::unavailable) {
    connection_->remove_producer(id_);
    return on_lost(error);
  }
  const auto operation = std::find_if(pending_.begin(), pending_.end(), [&](const Operation& one) {
    return one.sequence == refused.sequence_id();
  });
  if (operation == pending_.end()) return;
  const bool too_large = refused.error() == proto::NotAllowedError;
  const Error told = too_large ? make_error(ErrorCode::too_large, error.message(), false) : error;
  finish(operation, &told);
  pump();
}

void TopicProducer::finish(std::deque<Operation>::iterator operation, const Error* error) {
  auto done = std::move(operation->done);
  pending_.erase(operation);
  const auto self = shared_from_this();
  for (auto& one : done) one(error);
  check_flushes();
  maybe_close();
}

void TopicProducer::on_lost(const Error& error) {
  if (dead_) return;
  const auto self = shared_from_this();
  session_->note_orphan(orphan_name(config_));
  die(error);
  if (closing_) end();
}

/// Fails everything, in order.
void TopicProducer::die(const Error& error) {
  dead_ = error;
  for (auto& operation : std::exchange(pending_, {})) {
    for (auto& one : operation.done) one(&error);
  }
  for (auto& one : std::exchange(queue_, {})) one.done(&error);
  check_flushes();
}

// ---- flush and close

void TopicProducer::flush(Completion done) {
  pump();
  flushes_.push_back({operations_ + queue_.size(), std::move(done)});
  check_flushes();
}

void TopicProducer::check_flushes() {
  const std::size_t first = !pending_.empty() ? pending_.front().number
                            : !queue_.empty() ? operations_ + 1
                                              : operations_ + 2;
  const bool idle = pending_.empty() && queue_.empty();
  while (!flushes_.empty() && (idle || flushes_.front().up_to < first)) {
    auto done = std::move(flushes_.front().done);
    flushes_.erase(flushes_.begin());
    done(nullptr);
  }
}

void TopicProducer::close(TimePoint deadline, Completion done) {
  if (std::exchange(closing_, true)) return done(nullptr);
  closed_ = std::move(done);
  if (dead_) return end();
  if (deadline != TimePoint::max()) {
    close_timer_.at(deadline, [self = shared_from_this()] {
      self->die(
          make_error(ErrorCode::closed, "the producer was closed before the message was confirmed", false));
      self->tell_closed();
      self->end();
    });
  }
  pump();
  maybe_close();
}

/// Once nothing is under way, the broker is told; it answers when the name is free again.
void TopicProducer::maybe_close() {
  if (!closing_ || dead_ || !closed_ || !pending_.empty() || !queue_.empty()) return;
  dead_ = make_error(ErrorCode::closed, "the producer is closed", false);
  tell_closed();
}

void TopicProducer::tell_closed() {
  if (std::exchange(told_, true)) return;
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::CLOSE_PRODUCER);
  const auto request = connection_->next_id();
  command.mutable_close_producer()->set_producer_id(id_);
  command.mutable_close_producer()->set_request_id(request);
  connection_->request(command, request, "cannot close a producer",
                       [self = shared_from_this()](const Error*, const proto::BaseCommand&) { self->end(); });
}

void TopicProducer::end() {
  if (!closed_) return;
  const auto self = shared_from_this();
  close_timer_.cancel();
  connection_->remove_producer(id_);
  auto done = std::exchange(closed_, nullptr);
  done(nullptr);
}

}  // namespace omnibus::pulsar
