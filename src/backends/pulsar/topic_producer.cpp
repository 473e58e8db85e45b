/// The life of a producer; how it writes is in topic_producer_write.cpp.

#include "backends/pulsar/topic_producer.hpp"

#include <algorithm>
#include <utility>

#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
namespace {

std::string orphan_name(const TopicProducer::Config& config) {
  return "producer " + config.name + " " + config.topic;
}

}  // namespace

TopicProducer::TopicProducer(std::shared_ptr<Session> session, Config config)
    : session_(std::move(session)), config_(std::move(config)), close_timer_(session_->loop()) {}

void TopicProducer::open(std::shared_ptr<Session> session, Config config, Opened opened) {
  auto producer = std::make_shared<TopicProducer>(std::move(session), std::move(config));
  producer->session_->lookup(producer->config_.topic,
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
  if (!config_.schema.empty()) {
    producer->mutable_schema()->set_name(config_.schema_name);
    producer->mutable_schema()->set_schema_data(config_.schema);
    producer->mutable_schema()->set_type(proto::Schema::Json);
  }
  connection->request(command, request, "cannot create a producer of " + config_.topic,
                      [self = shared_from_this(), opened = std::move(opened)](
                          const Error* error, const proto::BaseCommand& answer) mutable {
                        if (error != nullptr) {
                          self->connection_->remove_producer(self->id_);
                          if (error->code() == ErrorCode::timeout) {
                            // The broker may make it yet.
                            self->session_->note_orphan(orphan_name(self->config_));
                            self->tell_closed();
                          }
                          const Error told = self->session_->judged(*error, orphan_name(self->config_));
                          return opened(&told, nullptr);
                        }
                        self->last_pushed_ = answer.producer_success().last_sequence_id();
                        if (!self->config_.schema.empty())
                          self->schema_version_ = answer.producer_success().schema_version();
                        opened(nullptr, self);
                      });
}

// ---- what the broker says

void TopicProducer::on_receipt(const proto::CommandSendReceipt& receipt) {
  // Nearly always the first; a repeated sequence may be answered before what is still being stored.
  const auto operation = std::find_if(pending_.begin(), pending_.end(), [&](const Operation& one) {
    return one.sequence == receipt.sequence_id();
  });
  if (operation == pending_.end() || --operation->receipts > 0) return;
  finish(operation, nullptr);
  go_on();
}

void TopicProducer::on_send_error(const proto::CommandSendError& refused) {
  const Error error = error_from(refused.error(), refused.message(), "cannot send to " + config_.topic);
  if (error.code() == ErrorCode::unavailable) {
    tell_closed();  // else the broker keeps it, and with it the name
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
  go_on();
}

/// Something was confirmed: what waited for it may go.
void TopicProducer::go_on() {
  if (refill_ && !closing_) return refill_();
  pump();
}

void TopicProducer::finish(const std::deque<Operation>::iterator& operation, const Error* error) {
  auto done = std::move(operation->done);
  pending_bytes_ -= operation->bytes;
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
  pending_bytes_ = queued_bytes_ = 0;
  for (auto& one : std::exchange(queue_, {})) one.sending.done(&error);
  check_flushes();
}

// ---- flush and close

void TopicProducer::flush(Completion done) {
  pump(true);
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
  pump(true);
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
