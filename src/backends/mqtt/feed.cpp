#include "backends/mqtt/feed.hpp"

#include <algorithm>
#include <utility>

#include "backends/mqtt/erase_session.hpp"
#include "backends/mqtt/reason.hpp"
#include "wire/gather.hpp"

namespace omnibus::mqtt {
namespace {

/// What tells of a holder that a broker could not tell the end of, because it ended itself, fades.
constexpr Duration tell_interval = std::chrono::seconds(30);
constexpr std::uint32_t told_for = 90;  ///< seconds
constexpr std::string_view gone = "gone";

/// A message of our own, kept until it is confirmed.
struct Told {
  std::string topic;
  driver::Outgoing message;
};

}  // namespace

// ---- opening

void Feed::open(Completion done) {
  if (config_.kind == Kind::local) return done(nullptr);
  connect(std::move(done));
}

void Feed::connect(Completion done) {
  Connection::Config connection{
      .client_id = config_.client_id,
      .clean_start = config_.kind == Kind::brief,
      .session_expiry = config_.expiry,
      .receive_maximum = static_cast<std::uint16_t>(std::clamp<std::size_t>(config_.window, 1, 0xffff))};
  if (!config_.presence.empty()) {
    // A home that nobody has is simply free; the session of a process that is gone wants to be emptied.
    connection.will = Connection::LastWord{.topic = config_.presence,
                                           .payload = std::string(config_.kind == Kind::home ? "" : gone)};
  }
  state_ = context_->state_of(config_.client_id);
  const bool known = !state_->fresh && config_.kind != Kind::brief;
  Session::open(context_, {.connection = std::move(connection), .kept = config_.kept}, weak_from_this(),
                [self = shared_from_this(), known, done = std::move(done)](
                    const Error* error, std::shared_ptr<Session> session) mutable {
                  if (error != nullptr) return done(error);
                  self->recreated_ = known && !session->terms().session_present;
                  self->connected(std::move(session), std::move(done));
                });
}

void Feed::connected(std::shared_ptr<Session> session, Completion done) {
  session_ = std::move(session);
  if (closing_) {
    const Error error = make_error(ErrorCode::closed, "the consumer is closed", false);
    done(&error);
    return part(Clock::now(), [] {});
  }
  if (widening_ && !session_->terms().session_present) {
    const Error error = make_error(ErrorCode::unavailable, "the broker has forgotten the session", true);
    done(&error);
    return on_lost(error);
  }
  wire::Gather all(2, std::move(done));
  if (config_.presence.empty()) {
    all.part()(nullptr);
  } else {
    tell_presence(config_.holder, all.part());
    keep_telling();
  }
  if (config_.kind == Kind::adopted) {
    session_->unsubscribe({config_.filter},
                          [weak = weak_from_this(), part = all.part()](const Error*) mutable {
                            part(nullptr);  // it may not have been subscribed
                            if (const auto self = weak.lock()) self->look_for_more();
                          });
  } else if (config_.filter.empty()) {
    all.part()(nullptr);
  } else {
    session_->subscribe({{.filter = config_.filter, .qos = config_.qos, .retain_handling = 2}}, all.part());
    if (!config_.unwanted.empty()) session_->unsubscribe({config_.unwanted}, [](const Error*) {});
  }
}

void Feed::tell_presence(std::string_view holder, Completion done) {
  const auto told = std::make_shared<Told>();
  told->topic = config_.presence;
  told->message.payload = holder;
  session_->publish({.topic = &told->topic,
                     .message = &told->message,
                     .qos = 1,
                     .retain = true,
                     .internal = true,
                     .unheard = true,
                     .expiry = holder == config_.holder ? told_for : 0,
                     .sender = this,
                     .done = [told, done = std::move(done)](const Error* error) mutable { done(error); }});
}

void Feed::keep_telling() {
  presence_timer_.after(tell_interval, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->lost_ || self->closing_) return;
    if (self->session_ && !self->session_->is_lost())
      self->tell_presence(self->config_.holder, [](const Error*) {});
    self->keep_telling();
  });
}

void Feed::widen(std::size_t window, Completion done) {
  if (lost_) return done(&*lost_);
  if (config_.window >= 0xffff) return done(nullptr);
  config_.window = window;
  widening_ = true;
  const auto before = std::exchange(session_, nullptr);
  before->close(std::nullopt, TimePoint::max(),
                [self = shared_from_this(), before, done = std::move(done)]() mutable {
                  // The broker has read them, or sends what they answer again.
                  for (auto& one : std::exchange(self->answering_, {})) one(nullptr);
                  self->connect([self, done = std::move(done)](const Error* error) mutable {
                    self->widening_ = false;
                    if (error == nullptr) self->answer([](const Error*) {});
                    done(error);
                    if (error != nullptr) self->on_lost(*error);
                  });
                });
}

void Feed::switch_filter(const std::string& filter, Completion done) {
  if (lost_ || !session_ || filter == config_.filter) return done(lost_ ? &*lost_ : nullptr);
  const std::string before = std::exchange(config_.filter, filter);
  wire::Gather all(2, std::move(done));
  session_->subscribe({{.filter = config_.filter, .qos = config_.qos, .retain_handling = 2}}, all.part());
  if (before.empty()) return all.part()(nullptr);
  session_->unsubscribe({before}, all.part());
}

void Feed::tell(const std::string& holder) {
  config_.holder = holder;
  if (!lost_ && session_) tell_presence(config_.holder, [](const Error*) {});
}

void Feed::stop_taking(Completion done) {
  if (lost_ || !session_ || config_.filter.empty()) return done(nullptr);
  session_->unsubscribe({std::exchange(config_.filter, {})}, std::move(done));
}

// ---- messages

void Feed::on_publish(const Publish& publish) {
  ++came_;
  // Sent again after a connection was replaced, it is here already.
  if (publish.again && publish.qos > 0 && log_.holds(publish.id)) return;
  if (publish.qos == 2 && state_->received.count(publish.id) > 0) {
    // It was done with over an earlier connection; its answer waits for its turn like others.
    log_.add({.id = publish.id, .qos = publish.qos, .state = Inbound::State::settled});
    return answer([](const Error*) {});
  }
  if (const auto events = events_.lock()) events->on_message(*this, publish);
}

void Feed::settle(Inbound& message) {
  if (message.qos == 2 && state_) state_->receive(message.id);
  message.state = Inbound::State::settled;
}

void Feed::answer(Completion done) {
  if (lost_) return done(&*lost_);
  bool wrote = false;
  if (config_.kind == Kind::local) {
    while (log_.pop_settled()) {
    }
    return done(nullptr);
  }
  if (session_) {
    try {
      while (const auto message = log_.pop_settled()) {
        session_->settle(message->id, message->qos);
        wrote = wrote || message->qos > 0;
      }
    } catch (const Error& error) {
      done(&error);
      return on_lost(error);
    }
  }
  if (config_.kind == Kind::adopted && log_.empty()) look_for_more();
  if (!wrote) return done(nullptr);
  answering_.push_back(std::move(done));
  session_->when_written([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->answering_.empty()) return;
    auto first = std::move(self->answering_.front());
    self->answering_.pop_front();
    first(nullptr);
  });
}

/// Of an adopted one: when it holds nothing, and a question finds nothing new, there is nothing.
void Feed::look_for_more() {
  if (looking_ || lost_ || closing_ || !session_ || !log_.empty()) return;
  looking_ = true;
  session_->ping([weak = weak_from_this(), came = came_](const Error* error) {
    const auto self = weak.lock();
    if (!self) return;
    self->looking_ = false;
    if (error != nullptr || self->closing_) return;
    if (self->came_ != came || !self->log_.empty()) return self->look_for_more();
    if (const auto events = self->events_.lock()) events->on_drained(*self);
  });
}

// ---- the end

void Feed::close(bool forget, TimePoint deadline, UniqueFunction<void()> done) {
  const bool again = std::exchange(closing_, true);
  forgets_ = forget || config_.kind == Kind::brief;
  presence_timer_.cancel();
  const bool there = !again && !lost_ && session_;
  if (!lost_) lost_ = make_error(ErrorCode::closed, "the consumer is closed", false);
  if (there) {
    part(deadline, std::move(done));
  } else {
    done();  // a session that is still being opened parts once it is
  }
  for (auto& one : std::exchange(answering_, {})) one(nullptr);
  forget_brief();
}

/// Takes leave of the broker.
void Feed::part(TimePoint deadline, UniqueFunction<void()> done) {
  if (!config_.presence.empty()) {
    const bool free = forgets_ || config_.kind == Kind::home;
    tell_presence(free ? std::string_view() : gone, [](const Error*) {});
  }
  if (forgets_ && !config_.filter.empty()) session_->unsubscribe({config_.filter}, [](const Error*) {});
  const auto session = session_;
  // In 3.1.1 a farewell cannot say that the session ends.
  const bool erases = forgets_ && config_.expiry > 0 && context_->version == Version::v311;
  session->close(forgets_ ? std::optional<std::uint32_t>(0) : std::nullopt, deadline,
                 [self = shared_from_this(), session, erases, done = std::move(done)]() mutable {
                   if (!erases) return done();
                   erase_session(self->context_, self->config_.client_id,
                                 [done = std::move(done)](const Error*) mutable { done(); });
                 });
}

/// Nobody comes back to a client id that was made up for one connection.
void Feed::forget_brief() {
  if (config_.kind == Kind::brief) context_->states.erase(config_.client_id);
}

void Feed::on_lost(const Error& error) {
  if (lost_ || (widening_ && session_ == nullptr)) return;
  const auto self = shared_from_this();
  lost_ = error;
  presence_timer_.cancel();
  const auto session = session_;
  if (session && !session->is_lost()) session->close(std::nullopt, Clock::now(), [session] {});
  for (auto& one : std::exchange(answering_, {})) one(&*lost_);
  forget_brief();
  if (const auto events = events_.lock()) events->on_feed_lost(*this, error);
}

}  // namespace omnibus::mqtt
