/// Acknowledgements and what is given back.

#include <utility>

#include <omnibus/log.hpp>

#include "backends/mqtt/reason.hpp"
#include "backends/mqtt/retry.hpp"
#include "backends/mqtt/subscription.hpp"
#include "wire/gather.hpp"

namespace omnibus::mqtt {
namespace {

/// A copy of a message and where it goes, kept until the broker has confirmed it.
struct Copy {
  std::string topic;
  driver::Outgoing message;
};

}  // namespace

Error Subscription::stale() const {
  return make_error(ErrorCode::stale_ack,
                    "a message of " + config_.queue.str() + " is no longer held by this consumer", false);
}

Feed* Subscription::feed_of(const driver::AckId& id) {
  const auto found = feeds_.find(id.value[0]);
  return found != feeds_.end() ? found->second.get() : nullptr;
}

void Subscription::acknowledge(std::span<const driver::AckId> ids, Completion done) {
  bool stale_one = over_;
  std::shared_ptr<Feed> last;
  std::vector<std::shared_ptr<Feed>> others;
  for (const auto& id : ids) {
    Feed* const feed = over_ ? nullptr : feed_of(id);
    if (feed == nullptr) {
      stale_one = true;
      continue;
    }
    auto* const message = feed->log().find(id.value[1]);
    if (message == nullptr || message->state == Inbound::State::settled) continue;  // it was before
    if (message->state != Inbound::State::held || message->turn != id.value[2]) {
      stale_one = true;
      continue;
    }
    try {
      feed->settle(*message);
    } catch (const Error& error) {
      const auto failing = feed->shared_from_this();
      done(&error);
      return failing->abandon(error);
    }
    if (last.get() == feed) continue;
    if (last) others.push_back(std::exchange(last, nullptr));
    last = feed->shared_from_this();
  }
  auto verdict = [stale_one, error = stale(), done = std::move(done)](const Error* failed) mutable {
    done(failed == nullptr && stale_one ? &error : failed);
  };
  if (!last) return verdict(nullptr);
  others.push_back(std::move(last));
  wire::Gather all(others.size(), Completion(std::move(verdict)));
  for (const auto& feed : others) feed->answer(all.part());
}

// ---- giving back

void Subscription::negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done) {
  wire::Gather all(ids.size(), std::move(done));
  for (const auto& id : ids) {
    auto part = all.part();
    Feed* const feed = over_ ? nullptr : feed_of(id);
    auto* const message = feed != nullptr ? feed->log().find(id.value[1]) : nullptr;
    if (feed != nullptr && (message == nullptr || message->state == Inbound::State::settled)) {
      part(nullptr);
      continue;
    }
    if (message == nullptr || message->state != Inbound::State::held || message->turn != id.value[2]) {
      const Error error = stale();
      part(&error);
      continue;
    }
    ++message->turn;  // an acknowledgement is stale from here
    if (config_.lasting) {
      copy_to_retry(*feed, id.value[1], delay, std::move(part));
    } else {
      move_to_local(*feed, id.value[1], delay, std::move(part));
    }
  }
}

/// Once the copy is confirmed the message itself is done with, so that it holds up nothing behind it.
void Subscription::copy_to_retry(Feed& feed, std::uint64_t number, Duration delay, Completion done) {
  auto& message = *feed.log().find(number);
  const std::uint32_t attempt = message.attempt + (message.state == Inbound::State::held ? 1 : 0);
  message.state = Inbound::State::delayed;
  const auto copy = std::make_shared<Copy>();
  copy->topic = names_.retry_topic();
  copy->message = retry_of(message, attempt, delay);
  trunk_->session(
      [self = shared_from_this(), feed = feed.shared_from_this(), number, delay, copy,
       done = std::move(done)](const Error* error, const std::shared_ptr<Session>& session) mutable {
        if (error != nullptr) return done(error);
        session->publish(
            {.topic = &copy->topic,
             .message = &copy->message,
             .qos = static_cast<std::uint8_t>(self->config_.queue.qos),
             .internal = true,
             .sender = self.get(),
             .done = [self, feed, number, delay, copy, done = std::move(done)](const Error* refused) mutable {
               self->copied(*feed, number, delay, refused, std::move(done));
             }});
      });
}

void Subscription::copied(Feed& feed, std::uint64_t number, Duration delay, const Error* error,
                          Completion done) {
  auto* const message = feed.log().find(number);
  if (message == nullptr) return done(nullptr);
  if (error == nullptr) {
    try {
      feed.settle(*message);
    } catch (const Error& failed) {
      done(&failed);
      return feed.abandon(failed);
    }
    return feed.answer(std::move(done));
  }
  if (over_ || error->code() == ErrorCode::unavailable || error->code() == ErrorCode::closed)
    return done(error);
  // It cannot be copied: it waits here, and what is acknowledged behind it is told to the broker after it.
  log::write(log::Level::warning,
             "a message of " + config_.queue.str() +
                 " that was given back cannot be copied and waits in memory: " + error->what());
  ++message->attempt;
  keep_here(feed, number, delay);
  done(nullptr);
}

/// Of what goes with its consumer, memory is as good a place.
void Subscription::move_to_local(Feed& feed, std::uint64_t number, Duration delay, Completion done) {
  auto& message = *feed.log().find(number);
  Inbound again{.attempt = message.attempt + 1,
                .turn = message.turn,
                .body = message.body,
                .properties = message.properties,
                .key = message.key};
  if (!local_) {
    local_ = make_feed(Feed::Kind::local, {}, {});
    feeds_.emplace(local_->number(), local_);
  }
  keep_here(*local_, local_->log().add(std::move(again)), delay);
  message.state = Inbound::State::settled;
  feed.answer(std::move(done));
}

/// Ready after `delay`, unanswered meanwhile.
void Subscription::keep_here(Feed& feed, std::uint64_t number, Duration delay) {
  auto& message = *feed.log().find(number);
  message.state = Inbound::State::delayed;
  message.due = deadline_after(delay);
  due_.emplace(message.due, Ready{feed.number(), number});
  arm();
}

void Subscription::arm() {
  if (due_.empty()) return;
  due_timer_.at(due_.begin()->first, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->over_) self->run_due();
  });
}

void Subscription::run_due() {
  while (!due_.empty() && due_.begin()->first <= Clock::now()) {
    const Ready ready = due_.begin()->second;
    due_.erase(due_.begin());
    const auto feed = feeds_.find(ready.feed);
    if (feed == feeds_.end()) continue;
    const auto* const message = feed->second->log().find(ready.number);
    if (message != nullptr && message->state == Inbound::State::delayed)
      make_ready(*feed->second, ready.number);
  }
  arm();
  pump();
}

/// Copies what stands before something that is acknowledged.
void Subscription::copy_blocking(Completion done) {
  std::vector<std::pair<std::shared_ptr<Feed>, std::uint64_t>> blocking;
  for (const auto& [feed_number, feed] : feeds_) {
    auto& log = feed->log();
    const auto end = log.begin() + log.blocking();
    for (auto number = log.begin(); number < end; ++number) {
      if (log.find(number)->state != Inbound::State::settled) blocking.emplace_back(feed, number);
    }
  }
  wire::Gather all(blocking.size(), std::move(done));
  const auto now = Clock::now();
  for (const auto& [feed, number] : blocking) {
    const auto& message = *feed->log().find(number);
    const bool waits = message.state == Inbound::State::delayed && message.due > now;
    copy_to_retry(*feed, number, waits ? message.due - now : Duration::zero(), all.part());
  }
}

}  // namespace omnibus::mqtt
