/// Who joins and who leaves, and the end.

#include "backends/mqtt/subscription.hpp"

#include <algorithm>
#include <utility>

#include "backends/mqtt/reason.hpp"

namespace omnibus::mqtt {

Subscription::Subscription(std::shared_ptr<Context> context, std::shared_ptr<Trunk> trunk, Config config)
    : context_(std::move(context)),
      trunk_(std::move(trunk)),
      config_(std::move(config)),
      names_(config_.queue, config_.name, context_->parameters.client_id_prefix),
      due_timer_(context_->loop),
      look_timer_(context_->loop),
      compete_timer_(context_->loop),
      share_timer_(context_->loop) {}

Error Subscription::conflict(const std::string& holder) const {
  return make_error(
      ErrorCode::conflict,
      "the subscription " + config_.name + " of " + config_.queue.str() + " is held by " + holder, false,
      "one consumer at a time may hold an exclusive subscription, and all share it in one mode");
}

// ---- joining, one after the other

void Subscription::join(const std::shared_ptr<Member>& member, Completion done) {
  joining_.push_back({member, std::move(done)});
  join_next();
}

void Subscription::join_next() {
  if (busy_ || joining_.empty()) return;
  if (over_) {
    const Error error = make_error(ErrorCode::unavailable, "the subscription has ended meanwhile", true);
    return joined(joining_.front().member, &error);
  }
  busy_ = true;
  const bool first = members_.empty() && !opened_;
  if (!first && config_.sharing == Sharing::exclusive) {
    const Error error = conflict("another consumer of this connection");
    return joined(joining_.front().member, &error);
  }
  const auto member = joining_.front().member;
  member->number = ++context_->last_number;
  members_.push_back(member);
  const auto then = [self = shared_from_this(), member](const Error* error) { self->joined(member, error); };
  if (first) return open(then);
  if (!config_.lasting) return open_brief(then);
  for (const auto& [number, feed] : feeds_) {
    if (feed->kind() == Feed::Kind::home || feed->kind() == Feed::Kind::instance) {
      return feed->widen(window(), then);
    }
  }
  joined(member, nullptr);  // none of its own: it stands by
}

void Subscription::joined(const std::shared_ptr<Member>& member, const Error* error) {
  if (joining_.empty() || joining_.front().member != member) return;  // told already
  busy_ = false;
  const auto self = shared_from_this();
  Joining one = std::move(joining_.front());
  joining_.pop_front();
  std::optional<Error> told;
  if (error != nullptr) told = *error;
  if (told) {
    std::erase(members_, one.member);
    if (!opened_) over_ = true;
  } else {
    opened_ = true;
    for (const auto& [number, feed] : feeds_) {
      if (feed->kind() == Feed::Kind::home && feed->was_recreated()) one.member->sink.recreated();
    }
  }
  one.done(told ? &*told : nullptr);
  if (told && !opened_) end_feeds(false, Clock::now(), [] {});
  pump();
  join_next();
}

// ---- leaving

void Subscription::leave(const std::shared_ptr<Member>& member, bool forget, TimePoint deadline,
                         UniqueFunction<void()> done) {
  if (std::exchange(member->closed, true)) return done();
  std::erase(members_, member);
  give_back_all(member->number);
  if (over_ || !opened_) return done();
  if (!forget && (!members_.empty() || !joining_.empty())) {
    pump();
    return done();
  }
  const auto others = members_;
  finish(forget, deadline, std::move(done));
  const Error removed = make_error(ErrorCode::unavailable, "the subscription was removed", true);
  for (const auto& other : others) other->sink.failed(removed);
}

/// What was acknowledged behind an unacknowledged message cannot be told to the broker: that message is
/// copied to the retries first, so that it alone comes again.
void Subscription::finish(bool forget, TimePoint deadline, UniqueFunction<void()> done) {
  over_ = true;
  ready_.clear();
  due_.clear();
  due_timer_.cancel();
  look_timer_.cancel();
  compete_timer_.cancel();
  share_timer_.cancel();
  if (forget || !config_.lasting) return end_feeds(forget, deadline, std::move(done));
  const auto once = std::make_shared<UniqueFunction<void()>>(std::move(done));
  const auto end = [self = shared_from_this(), deadline, once] {
    if (auto then = std::exchange(*once, nullptr)) self->end_feeds(false, deadline, std::move(then));
  };
  // A session that nobody serves must get nothing that others could have; a home that is left alone takes
  // all.
  if (shares()) {
    if (auto* const own = feed_of(Feed::Kind::instance)) own->stop_taking([](const Error*) {});
    auto* const home = feed_of(Feed::Kind::home);
    if (home != nullptr && !has_others(true)) home->switch_filter(names_.topic(), [](const Error*) {});
  }
  // The broker may be slow to confirm; what is not copied by then comes again with what is behind it.
  if (deadline != TimePoint::max()) due_timer_.at(deadline, end);
  copy_blocking([end](const Error*) { end(); });
}

void Subscription::end_feeds(bool forget, TimePoint deadline, UniqueFunction<void()> done) {
  due_timer_.cancel();
  if (std::exchange(watching_, false))
    trunk_->unwatch(names_.presence({}), names_.presences(), weak_from_this());
  const auto feeds = std::exchange(feeds_, {});
  const auto left = std::make_shared<std::size_t>(feeds.size() + 1);
  const auto shared_done = std::make_shared<UniqueFunction<void()>>(std::move(done));
  const auto part = [left, shared_done, self = shared_from_this()] {
    if (--*left == 0) (*shared_done)();
  };
  for (const auto& [number, feed] : feeds) feed->close(forget, deadline, [feed = feed, part] { part(); });
  part();
}

/// For good, or until core makes another.
void Subscription::fail(const Error& error) {
  if (std::exchange(over_, true)) return;
  const auto self = shared_from_this();
  const Error told = error;
  ready_.clear();
  due_.clear();
  due_timer_.cancel();
  look_timer_.cancel();
  compete_timer_.cancel();
  share_timer_.cancel();
  begin_sharing();
  end_feeds(false, Clock::now(), [] {});
  const auto members = members_;
  const auto joining = joining_.empty() ? nullptr : joining_.front().member;
  for (const auto& member : members) {
    if (!member->closed && member != joining) member->sink.failed(told);
  }
  if (joining) joined(joining, &told);
}

void Subscription::on_feed_lost(Feed& feed, const Error& error) {
  if (over_) return;
  const auto self = shared_from_this();
  const auto kind = feed.kind();
  const bool taken = error.code() == ErrorCode::conflict;
  // Others competed for what a dead process had left, and were faster; with a home of its own it stays.
  const bool spare = kind == Feed::Kind::adopted ||
                     (kind == Feed::Kind::home && competed_ && config_.sharing != Sharing::exclusive);
  if (!(taken && spare)) return fail(error);
  const auto number = feed.number();
  std::erase_if(ready_, [number](const Ready& ready) { return ready.feed == number; });
  std::erase_if(due_, [number](const auto& due) { return due.second.feed == number; });
  feeds_.erase(number);
}

void Subscription::on_trunk_lost(const Error& error) {
  watching_ = false;
  fail(error);
}

}  // namespace omnibus::mqtt
