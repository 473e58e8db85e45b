#include "backends/mqtt/connection.hpp"

#include <algorithm>
#include <utility>

#include <omnibus/log.hpp>

#include "backends/mqtt/reason.hpp"

namespace omnibus::mqtt {
namespace {

constexpr Duration least_farewell = std::chrono::milliseconds(250),
                   longest_farewell = std::chrono::seconds(2);
constexpr std::size_t largest_packet = 268'435'455 + 5;  ///< what the remaining length can say, and its head

wire::Address address_of(const Context& context) {
  if (context.redirected) return *context.redirected;
  const auto& brokers = context.parameters.brokers;
  return brokers[context.broker % brokers.size()];
}

Error link_error(const std::string& message) { return make_error(ErrorCode::unavailable, message, true); }

/// What the stream says, in this backend's name.
Error of_wire(const Error& error) {
  return {error.code(), error.message(), {error.retryable(), "mqtt", error.native(), error.hint()}};
}

/// The first of a server reference, which names one or more, separated by blanks.
std::optional<wire::Address> referred(std::string_view reference, std::uint16_t port) {
  reference = reference.substr(0, reference.find(' '));
  if (reference.empty()) return std::nullopt;
  try {
    return wire::Address::parse(reference, port);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_redirection(Reason reason) noexcept {
  return reason == Reason::use_another_server || reason == Reason::server_moved;
}

}  // namespace

void Connection::open(const std::shared_ptr<Context>& context, Config config,
                      const std::weak_ptr<ConnectionEvents>& events, Opened opened) {
  std::make_shared<Connection>(context, std::move(config), events)->begin(std::move(opened));
}

Connection::Connection(std::shared_ptr<Context> context, Config config,
                       std::weak_ptr<ConnectionEvents> events)
    : context_(std::move(context)),
      config_(std::move(config)),
      events_(std::move(events)),
      greeting_timer_(context_->loop),
      alive_timer_(context_->loop),
      farewell_timer_(context_->loop) {}

Connection::~Connection() {
  std::erase_if(context_->connections, [](const auto& each) { return each.expired(); });
}

void Connection::begin(Opened opened) {
  opened_ = std::move(opened);
  opening_ = shared_from_this();
  context_->connections.insert(weak_from_this());
  address_ = address_of(*context_);
  peer_ = address_.str();
  const auto& parameters = context_->parameters;
  context_->reached = false;
  greeting_timer_.after(context_->patience, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self) {
      self->abort(make_error(ErrorCode::unavailable,
                             "the MQTT broker at " + self->peer_ + " did not answer in time", true,
                             "is this the port of an MQTT broker?"));
    }
  });
  wire::Stream::open(context_->loop,
                     {.address = address_, .tls = parameters.tls, .timeout = context_->patience},
                     [self = shared_from_this()](const Error* error, std::unique_ptr<wire::Stream> stream) {
                       if (self->state_ == State::closed) return;
                       if (error != nullptr) return self->lose(of_wire(*error));
                       self->context_->reached = true;
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
                             // That a certificate is refused may come after the handshake; what else ends a
                             // stream, a new one may mend.
                             const bool refused = lost.code() == ErrorCode::authentication;
                             owner->lose(refused ? of_wire(lost) : link_error(lost.message()));
                           });
                       try {
                         self->greet();
                       } catch (const Error& unreadable) {
                         self->lose(unreadable);
                       }
                     });
}

void Connection::greet() {
  const auto& parameters = context_->parameters;
  const std::string password = parameters.read_password();
  Connect connect{.client_id = config_.client_id,
                  .clean_start = config_.clean_start,
                  .keep_alive = static_cast<std::uint16_t>(parameters.keep_alive.count())};
  if (!parameters.user.empty()) connect.user = parameters.user;
  if (parameters.has_password()) connect.password = password;
  if (config_.will) {
    connect.will =
        Will{.topic = config_.will->topic, .payload = config_.will->payload, .qos = 1, .retain = true};
  }
  if (context_->version == Version::v5) {
    connect.properties.session_expiry = config_.session_expiry;
    connect.properties.receive_maximum = config_.receive_maximum;
    connect.properties.maximum_packet_size = static_cast<std::uint32_t>(largest_packet);
  } else {
    connect.clean_start = config_.session_expiry == 0;  // in 3.1.1 one flag says both
  }
  send(Packet(connect));
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
  if (state_ == State::closed) return bytes.size();
  const auto self = shared_from_this();  // a callback may let go of the last reference
  heard_ = true;
  std::size_t used = 0;
  try {
    while (state_ != State::closed) {
      const auto frame = first_frame(bytes.substr(used), largest_packet);
      if (!frame) break;
      used += frame->size;
      handle(*frame);
    }
  } catch (const Error& error) {
    const Error told = error.with_context("the MQTT broker at " + peer_);
    log::write(log::Level::error, told.what());
    abort(link_error(told.message()), reason_of(error));
  }
  return used;
}

void Connection::handle(const Frame& frame) {
  const Packet packet = parse(frame, context_->version);
  if (const auto* answer = std::get_if<Connack>(&packet)) return handle(*answer);
  if (std::holds_alternative<Auth>(packet)) {
    return abort(make_error(ErrorCode::unsupported,
                            "the MQTT broker at " + peer_ + " asks for an enhanced authentication", false,
                            "users and passwords, or client certificates, are supported"),
                 Reason::bad_authentication_method);
  }
  if (state_ != State::up) throw ProtocolError("a packet came before CONNACK");
  if (const auto* farewell = std::get_if<Disconnect>(&packet)) return handle(*farewell);
  if (const auto* ping = std::get_if<Ping>(&packet)) {
    if (ping->type != Type::pingresp) throw ProtocolError("PINGREQ came from the broker");
    if (pings_.empty()) return;
    auto done = std::move(pings_.front());
    pings_.pop_front();
    if (done) done(nullptr);
    return;
  }
  const auto events = events_.lock();
  if (!events) return;
  if (const auto* publish = std::get_if<Publish>(&packet)) return events->on_publish(*publish);
  if (const auto* ack = std::get_if<Ack>(&packet)) return events->on_ack(*ack);
  if (const auto* answer = std::get_if<Subscribed>(&packet)) return events->on_subscribed(*answer);
  throw ProtocolError("a packet came that only clients send");
}

void Connection::handle(const Connack& answer) {
  if (state_ != State::opening) throw ProtocolError("CONNACK came twice");
  const auto& properties = answer.properties;
  const auto detail = properties.reason_text.value_or("");
  if (is_failure(answer.reason)) {
    const std::string what = "the MQTT broker at " + peer_ + " refused the connection";
    if (is_redirection(answer.reason)) return redirect(answer.reason, properties, what);
    return lose(error_of(answer.reason, what, detail));
  }
  terms_.session_present = answer.session_present;
  terms_.receive_maximum = properties.receive_maximum.value_or(0xffff);
  terms_.maximum_packet =
      std::min<std::size_t>(properties.maximum_packet_size.value_or(0xffffffff), largest_packet);
  terms_.topic_aliases = properties.topic_alias_maximum.value_or(0);
  terms_.maximum_qos = properties.maximum_qos.value_or(2);
  terms_.retain = properties.retain_available.value_or(true);
  terms_.shared = properties.shared_available.value_or(true);
  terms_.wildcards = properties.wildcards_available.value_or(true);
  const Duration interval = properties.server_keep_alive ? std::chrono::seconds(*properties.server_keep_alive)
                                                         : context_->parameters.keep_alive;
  context_->shares = terms_.shared;
  state_ = State::up;
  last_heard_ = Clock::now();
  alive_interval_ = interval / 2;
  if (alive_interval_ > Duration::zero()) keep_alive();
  finish_opening(nullptr);
}

void Connection::handle(const Disconnect& farewell) {
  const std::string what = "the MQTT broker at " + peer_ + " ended the connection";
  if (is_redirection(farewell.reason)) return redirect(farewell.reason, farewell.properties, what);
  if (!is_failure(farewell.reason)) return lose(link_error(what));
  lose(error_of(farewell.reason, what, farewell.properties.reason_text.value_or("")));
}

/// The next connection goes where the broker says.
void Connection::redirect(Reason reason, const PacketProperties& properties, const std::string& what) {
  const auto reference = properties.server_reference.value_or("");
  const auto other = referred(reference, address_.port);
  if (!other) return lose(error_of(reason, what, reference));
  context_->redirected = other;
  lose(make_error(ErrorCode::unavailable, what + ": use " + other->str(), true));
}

// ---- what goes out

void Connection::send(const Packet& packet) {
  if (!stream_ || state_ == State::closed) return;
  scratch_.clear();
  write(scratch_, context_->version, packet);
  spoke_ = true;
  stream_->write(std::string_view(scratch_));
}

void Connection::send(const Ack& ack) {
  if (!stream_ || state_ == State::closed) return;
  scratch_.clear();
  write(scratch_, context_->version, ack);
  spoke_ = true;
  stream_->write(std::string_view(scratch_));
}

void Connection::check(const Publish& publish) const {
  const std::size_t size = size_of(context_->version, publish);
  if (size <= terms_.maximum_packet) return;
  throw make_error(ErrorCode::too_large,
                   "a packet of " + std::to_string(size) + " bytes is over the broker's limit of " +
                       std::to_string(terms_.maximum_packet),
                   false, "send less in a message, or raise the broker's limit");
}

void Connection::send(Publish publish) {
  if (!stream_ || state_ == State::closed) return;
  check(publish);
  if (terms_.topic_aliases > 0) {
    const auto known = aliases_.find(std::string(publish.topic));
    if (known != aliases_.end()) {
      publish.properties.topic_alias = known->second;
      publish.topic = {};
    } else if (aliases_.size() < terms_.topic_aliases) {
      const auto alias = static_cast<std::uint16_t>(aliases_.size() + 1);
      aliases_.emplace(publish.topic, alias);
      publish.properties.topic_alias = alias;
    }
  }
  std::string bytes;
  bytes.reserve(size_of(context_->version, publish));
  write(bytes, context_->version, publish);
  spoke_ = true;
  stream_->write(std::move(bytes));
}

void Connection::ping(Completion done) {
  pings_.push_back(std::move(done));
  send(Packet(Ping{}));
}

void Connection::when_written(UniqueFunction<void()> work) {
  if (stream_ && state_ != State::closed) stream_->when_written(std::move(work));
}

/// Half the keep-alive apart. Silence of thrice that is a broker that is gone.
void Connection::keep_alive() {
  alive_timer_.after(alive_interval_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->state_ != State::up) return;
    const auto now = Clock::now();
    if (std::exchange(self->heard_, false)) self->last_heard_ = now;
    if (now - self->last_heard_ > 3 * self->alive_interval_) {
      return self->lose(link_error("the MQTT broker at " + self->peer_ + " has fallen silent"));
    }
    // Also when only acknowledgements of ours went out: a ping is what the broker must answer.
    if (!std::exchange(self->spoke_, false) || self->last_heard_ != now) self->ping(nullptr);
    self->keep_alive();
  });
}

// ---- the end

void Connection::close(std::optional<std::uint32_t> expiry, TimePoint deadline, UniqueFunction<void()> done) {
  const Error closed = make_error(ErrorCode::closed, "the connection is closed", false);
  if (state_ != State::up) {
    abort(closed);
    return done();
  }
  Disconnect farewell;
  if (context_->version == Version::v5) farewell.properties.session_expiry = expiry;
  part(farewell, closed, deadline, std::move(done));
}

/// The broker closes once it has read it. Were we first, with something unread, the kernel would take back
/// what is on its way.
void Connection::part(const Disconnect& farewell, const Error& why, TimePoint deadline,
                      UniqueFunction<void()> done) {
  send(Packet(farewell));
  state_ = State::closed;
  alive_timer_.cancel();
  farewell_ = std::move(done);
  opening_ = shared_from_this();
  const auto now = Clock::now();
  farewell_timer_.at(std::clamp(deadline, now + least_farewell, now + longest_farewell),
                     [self = shared_from_this()] { self->finish_closing(); });
  fail_pings(why);
}

void Connection::fail_pings(const Error& why) {
  auto pings = std::exchange(pings_, {});
  for (auto& ping : pings) {
    if (ping) ping(&why);
  }
}

void Connection::finish_closing() {
  if (!farewell_) return;
  const auto self = shared_from_this();
  opening_.reset();
  auto done = std::exchange(farewell_, nullptr);
  farewell_timer_.cancel();
  const auto stream = std::move(stream_);
  done();
}

void Connection::abort(const Error& error, Reason reason) {
  const bool told = state_ == State::up && is_failure(reason) && context_->version == Version::v5;
  if (!told) return lose(error);
  const auto self = shared_from_this();
  part({.reason = reason}, error, Clock::now(), [] {});
  if (const auto events = events_.lock()) events->on_lost(error);
}

void Connection::lose(const Error& error) {
  if (farewell_) return finish_closing();
  if (state_ == State::closed) return;
  const auto self = shared_from_this();
  const bool was_up = state_ == State::up;
  state_ = State::closed;
  alive_timer_.cancel();
  greeting_timer_.cancel();
  const auto stream = std::move(stream_);
  if (!was_up && error.code() == ErrorCode::unavailable) try_another();
  fail_pings(error);
  if (!was_up) return finish_opening(&error);
  if (const auto events = events_.lock()) events->on_lost(error);
}

/// Where this one could not connect the next does not try first; the first that finds out decides for all.
void Connection::try_another() {
  if (address_of(*context_) != address_) return;
  if (context_->redirected) {
    context_->redirected.reset();
  } else {
    ++context_->broker;
  }
}

}  // namespace omnibus::mqtt
