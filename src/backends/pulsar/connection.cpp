#include "backends/pulsar/connection.hpp"

#include <algorithm>
#include <utility>

#include <omnibus/log.hpp>
#include <omnibus/version.hpp>

#include "backends/pulsar/errors.hpp"

namespace omnibus::pulsar {
namespace {

constexpr int protocol_version = 19;
constexpr std::size_t least_max_message_size = 1024;  ///< less cannot be meant
const std::string client_version = std::string("omnibus ") + OMNIBUS_VERSION;

}  // namespace

std::weak_ptr<Connection> Connection::open(wire::Loop& loop, const Parameters& parameters, const Place& place,
                                           Opened opened) {
  const auto made = std::make_shared<Connection>(loop, parameters, place);
  made->begin(parameters, std::move(opened));
  return made;
}

Connection::Connection(wire::Loop& loop, const Parameters& parameters, Place place)
    : loop_(loop),
      parameters_(parameters),
      place_(std::move(place)),
      peer_(place_.address.str()),
      greeting_timer_(loop),
      expiry_timer_(loop),
      alive_timer_(loop) {}

void Connection::begin(const Parameters& parameters, Opened opened) {
  opened_ = std::move(opened);
  opening_ = shared_from_this();
  wire::Stream::open(
      loop_, {.address = place_.address, .tls = parameters.tls, .timeout = parameters.connect_timeout},
      [self = shared_from_this()](const Error* error, std::unique_ptr<wire::Stream> stream) {
        if (self->state_ == State::closed) return;
        if (error != nullptr) {
          const Error told(error->code(), error->message(),
                           {error->retryable(), "pulsar", error->native(), error->hint()});
          return self->close(told);
        }
        self->stream_ = std::move(stream);
        const std::weak_ptr<Connection> weak = self;
        self->stream_->start(
            [weak](std::string_view bytes) {
              const auto owner = weak.lock();
              return owner ? owner->received(bytes) : bytes.size();
            },
            [weak](const Error& lost) {
              const auto owner = weak.lock();
              if (!owner) return;
              // Given up for what came over it.
              if (lost.code() != ErrorCode::unavailable) {
                log::write(log::Level::error, "Pulsar broker " + owner->peer_ + ": " + lost.what());
              }
              owner->close(link_error(lost.message()));
            });
        try {
          self->greet(self->parameters_.read_token(), self->parameters_.has_token());
        } catch (const Error& unreadable) {
          self->close(unreadable);
        }
      });
}

void Connection::greet(const std::string& token, bool has_token) {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::CONNECT);
  auto* connect = command.mutable_connect();
  connect->set_client_version(client_version);
  connect->set_protocol_version(protocol_version);
  if (has_token) {
    connect->set_auth_method_name("token");
    connect->set_auth_data(token);
  }
  if (place_.broker) connect->set_proxy_to_broker_url(place_.broker->str());
  connect->mutable_feature_flags()->set_supports_auth_refresh(true);
  connect->mutable_feature_flags()->set_supports_broker_entry_metadata(true);
  send(command);
  greeting_timer_.after(parameters_.connect_timeout, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self)
      self->close(make_error(ErrorCode::unavailable,
                             "the Pulsar broker at " + self->peer_ + " did not answer in time", true,
                             "is this the port of a Pulsar broker?"));
  });
}

void Connection::finish_opening(const Error* error) {
  if (!opened_) return;
  greeting_timer_.cancel();
  const auto self = std::exchange(opening_, nullptr);
  auto done = std::exchange(opened_, nullptr);
  done(error, error == nullptr ? self : nullptr);
}

// ---- what comes in

std::size_t Connection::received(std::string_view bytes) {
  const auto self = shared_from_this();  // a callback may let go of the last reference
  heard_ = true;
  std::size_t used = 0;
  while (state_ != State::closed) {
    const auto frame = first_frame(bytes.substr(used), max_message_size_);
    if (!frame) break;
    used += frame->size();
    handle(parse_frame(*frame));
  }
  return used;
}

void Connection::handle(const Frame& frame) {
  const auto& command = frame.command;
  using Command = proto::BaseCommand;
  switch (command.type()) {
    case Command::MESSAGE:
      return handle_message(frame);
    case Command::SEND_RECEIPT: {
      const auto found = producers_.find(command.send_receipt().producer_id());
      if (found != producers_.end()) std::shared_ptr(found->second)->on_receipt(command.send_receipt());
      return;
    }
    case Command::SEND_ERROR: {
      const auto found = producers_.find(command.send_error().producer_id());
      if (found != producers_.end()) std::shared_ptr(found->second)->on_send_error(command.send_error());
      return;
    }
    case Command::PING: {
      Command pong;
      pong.set_type(Command::PONG);
      pong.mutable_pong();
      return send(pong);
    }
    case Command::CONNECTED:
      return on_connected(command.connected());
    case Command::AUTH_CHALLENGE:
      return on_challenge();
    case Command::CLOSE_PRODUCER:
      return lose_producer(command.close_producer().producer_id());
    case Command::CLOSE_CONSUMER:
      return lose_consumer(command.close_consumer().consumer_id());
    case Command::ERROR:
      return handle_error(command.error());
    default:
      return handle_answer(command);
  }
}

void Connection::handle_message(const Frame& frame) {
  if (!frame.message) throw ProtocolError("a message without payload");
  const auto found = consumers_.find(frame.command.message().consumer_id());
  if (found == consumers_.end()) return;  // closed meanwhile: it goes to others
  std::shared_ptr(found->second)->on_message(frame.command.message(), *frame.message);
}

void Connection::handle_answer(const proto::BaseCommand& command) {
  using Command = proto::BaseCommand;
  const auto transaction = [&](const proto::TransactionResponse& response) {
    if (response.has_error())
      return fail_answer(response.request_id(), response.error(), response.message(), command);
    answer(response.request_id(), nullptr, command);
  };
  switch (command.type()) {
    case Command::SUCCESS:
      return answer(command.success().request_id(), nullptr, command);
    case Command::PRODUCER_SUCCESS:
      if (command.producer_success().producer_ready())
        answer(command.producer_success().request_id(), nullptr, command);
      return;
    case Command::PARTITIONED_METADATA_RESPONSE: {
      const auto& response = command.partitionmetadataresponse();
      if (response.response() == proto::CommandPartitionedTopicMetadataResponse::Failed) {
        return fail_answer(response.request_id(), response.error(), response.message(), command);
      }
      return answer(response.request_id(), nullptr, command);
    }
    case Command::LOOKUP_RESPONSE: {
      const auto& response = command.lookuptopicresponse();
      if (response.response() == proto::CommandLookupTopicResponse::Failed) {
        return fail_answer(response.request_id(), response.error(), response.message(), command);
      }
      return answer(response.request_id(), nullptr, command);
    }
    case Command::ACK_RESPONSE: {
      const auto& response = command.ackresponse();
      if (response.has_error())
        return fail_answer(response.request_id(), response.error(), response.message(), command);
      return answer(response.request_id(), nullptr, command);
    }
    case Command::NEW_TXN_RESPONSE:
      return transaction(command.newtxnresponse());
    case Command::ADD_PARTITION_TO_TXN_RESPONSE:
      return transaction(command.addpartitiontotxnresponse());
    case Command::ADD_SUBSCRIPTION_TO_TXN_RESPONSE:
      return transaction(command.addsubscriptiontotxnresponse());
    case Command::END_TXN_RESPONSE:
      return transaction(command.endtxnresponse());
    case Command::END_TXN_ON_PARTITION_RESPONSE:
      return transaction(command.endtxnonpartitionresponse());
    case Command::END_TXN_ON_SUBSCRIPTION_RESPONSE:
      return transaction(command.endtxnonsubscriptionresponse());
    case Command::TC_CLIENT_CONNECT_RESPONSE: {
      const auto& response = command.tcclientconnectresponse();
      if (response.has_error())
        return fail_answer(response.request_id(), response.error(), response.message(), command);
      return answer(response.request_id(), nullptr, command);
    }
    default:
      return;  // PONG, changes of the active consumer, and what newer brokers may tell
  }
}

void Connection::handle_error(const proto::CommandError& error) {
  if (state_ == State::opening) {
    return close(
        error_from(error.error(), error.message(), "the broker at " + peer_ + " refused the connection"));
  }
  proto::BaseCommand command;
  fail_answer(error.request_id(), error.error(), error.message(), command);
}

void Connection::on_connected(const proto::CommandConnected& connected) {
  if (state_ != State::opening) return;
  if (connected.max_message_size() > 0)
    max_message_size_ =
        std::max(least_max_message_size, static_cast<std::size_t>(connected.max_message_size()));
  state_ = State::up;
  keep_alive();
  finish_opening(nullptr);
}

/// The broker asks for the token again, because the old one runs out.
void Connection::on_challenge() {
  proto::BaseCommand command;
  command.set_type(proto::BaseCommand::AUTH_RESPONSE);
  auto* response = command.mutable_authresponse();
  response->set_client_version(client_version);
  response->set_protocol_version(protocol_version);
  response->mutable_response()->set_auth_method_name("token");
  response->mutable_response()->set_auth_data(parameters_.read_token());
  send(command);
}

void Connection::lose_producer(std::uint64_t id) {
  const auto found = producers_.find(id);
  if (found == producers_.end()) return;
  const auto events = std::move(found->second);
  producers_.erase(found);
  events->on_lost(link_error("the broker at " + peer_ + " closed the producer"));
}

void Connection::lose_consumer(std::uint64_t id) {
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return;
  const auto events = std::move(found->second);
  consumers_.erase(found);
  const Error error = link_error("the broker at " + peer_ + " closed the consumer");
  std::vector<std::uint64_t> unanswered;
  for (const auto& [request, one] : pending_) {
    if (one.consumer == id) unanswered.push_back(request);
  }
  for (const auto request : unanswered) answer(request, &error, {});
  events->on_lost(error);
}

// ---- requests

void Connection::request(const proto::BaseCommand& command, std::uint64_t id, std::string what, Reply reply,
                         std::uint64_t consumer) {
  if (state_ != State::up) {
    const Error error = link_error(what + ": the connection to " + peer_ + " is lost");
    return reply(&error, command);
  }
  pending_.emplace(
      id, Pending{std::move(what), std::move(reply), Clock::now() + parameters_.answer_time, consumer});
  if (pending_.size() == 1) arm_expiry();
  send(command);
}

void Connection::answer(std::uint64_t id, const Error* error, const proto::BaseCommand& command) {
  auto found = pending_.extract(id);
  if (found.empty()) return;
  if (pending_.empty()) expiry_timer_.cancel();
  found.mapped().reply(error, command);
}

void Connection::fail_answer(std::uint64_t id, proto::ServerError code, const std::string& message,
                             const proto::BaseCommand& command) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const Error error = error_from(code, message, found->second.what);
  answer(id, &error, command);
}

void Connection::arm_expiry() {
  if (pending_.empty()) return;
  expiry_timer_.at(pending_.begin()->second.deadline, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    while (!self->pending_.empty() && self->pending_.begin()->second.deadline <= Clock::now()) {
      const auto& [id, oldest] = *self->pending_.begin();
      const Error error = make_error(ErrorCode::timeout, oldest.what + ": no answer in time", true);
      self->answer(id, &error, {});
    }
    self->arm_expiry();
  });
}

void Connection::send(const proto::BaseCommand& command) {
  if (!stream_) return;
  scratch_.clear();
  append_command(scratch_, command);
  stream_->write(std::string_view(scratch_));
}

void Connection::send(std::string&& frames) {
  if (stream_) stream_->write(std::move(frames));
}

// ---- its life

void Connection::add_producer(std::uint64_t id, std::shared_ptr<ProducerEvents> events) {
  producers_.emplace(id, std::move(events));
}

void Connection::add_consumer(std::uint64_t id, std::shared_ptr<ConsumerEvents> events) {
  consumers_.emplace(id, std::move(events));
}

/// A broker that is silent for an interval is asked; silent for another, it is lost.
void Connection::keep_alive() {
  if (!std::exchange(heard_, false)) {
    if (pinged_) return close(link_error("the broker at " + peer_ + " is silent"));
    pinged_ = true;
    proto::BaseCommand ping;
    ping.set_type(proto::BaseCommand::PING);
    ping.mutable_ping();
    send(ping);
  } else {
    pinged_ = false;
  }
  alive_timer_.after(parameters_.alive_interval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->keep_alive();
  });
}

void Connection::close(const Error& reason) {
  if (std::exchange(state_, State::closed) == State::closed) return;
  const auto self = shared_from_this();
  greeting_timer_.cancel();
  expiry_timer_.cancel();
  alive_timer_.cancel();
  // The stream may be what calls: it goes on the loop's next turn.
  if (stream_) loop_.post([last = std::move(stream_)]() mutable { last.reset(); });
  finish_opening(&reason);
  for (auto& [id, one] : std::exchange(pending_, {})) {
    const Error error = reason.with_context(one.what);
    one.reply(&error, {});
  }
  for (auto& [id, events] : std::exchange(producers_, {})) events->on_lost(reason);
  for (auto& [id, events] : std::exchange(consumers_, {})) events->on_lost(reason);
}

}  // namespace omnibus::pulsar
