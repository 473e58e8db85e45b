/// Which sessions bring the subscription's messages.

#include <algorithm>
#include <random>
#include <utility>

#include "backends/mqtt/erase_session.hpp"
#include "backends/mqtt/reason.hpp"
#include "backends/mqtt/subscription.hpp"
#include "core/text.hpp"
#include "wire/gather.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::string_view gone = "gone";
constexpr std::size_t retry_window = 0xffff;
constexpr Duration patience_with_home = std::chrono::seconds(2);
constexpr Duration look_interval = std::chrono::seconds(30);

/// Apart from that of others who have heard the same.
Duration some_time() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return std::chrono::microseconds(random() % 100'000);
}

/// Told by a home whose messages others may take part of.
constexpr std::string_view sharing_mark = " sharing";

std::string_view mode_of(std::string_view holder) {
  if (holder.ends_with(sharing_mark)) holder.remove_suffix(sharing_mark.size());
  return holder.substr(std::min(holder.find(' ') + 1, holder.size()));
}

}  // namespace

std::string Subscription::holder_text(bool sharing) const {
  constexpr std::string_view modes[] = {"shared", "exclusive", "failover"};
  return context_->token + " " + std::string(modes[static_cast<std::size_t>(config_.sharing)]) +
         std::string(sharing ? sharing_mark : "");
}

/// What is told of the session when another Bus has it.
const std::string* Subscription::foreign_holder(const std::string& client_id) const {
  const auto found = holders_.find(client_id);
  if (found == holders_.end() || found->second == gone) return nullptr;
  return found->second.starts_with(context_->token) ? nullptr : &found->second;
}

bool Subscription::holds(const std::string& client_id) const {
  return std::any_of(feeds_.begin(), feeds_.end(), [&](const auto& each) {
    return each.second->config().client_id == client_id && !each.second->is_lost();
  });
}

std::size_t Subscription::window() const noexcept {
  std::size_t sum = 0;
  for (const auto& member : members_) sum += member->window;
  return std::min<std::size_t>(sum, 0xffff);
}

std::shared_ptr<Feed> Subscription::make_feed(Feed::Kind kind, std::string client_id, std::string filter,
                                              bool sharing) {
  using Kind = Feed::Kind;
  const bool lasting = config_.lasting && kind != Kind::brief;
  Feed::Config config{.kind = kind,
                      .client_id = std::move(client_id),
                      .filter = std::move(filter),
                      .qos = static_cast<std::uint8_t>(config_.queue.qos),
                      .expiry = lasting ? config_.expiry : 0,
                      .window = kind == Kind::retry ? retry_window : window(),
                      .kept = lasting && config_.queue.qos == Qos::exactly_once};
  if (kind == Kind::home && shares()) config.unwanted = sharing ? names_.topic() : names_.shared_filter();
  if (kind == Kind::home || kind == Kind::instance || kind == Kind::adopted) {
    config.presence = names_.presence(config.client_id);
    config.holder = holder_text(sharing);
  }
  return std::make_shared<Feed>(context_, ++context_->last_number, std::move(config), weak_from_this());
}

/// It takes part once it is open, but what comes before is kept.
void Subscription::open_feed(const std::shared_ptr<Feed>& feed, Completion done) {
  feeds_.emplace(feed->number(), feed);
  feed->open([self = shared_from_this(), feed, done = std::move(done)](const Error* error) mutable {
    if (error == nullptr) return done(nullptr);
    const Error told = *error;
    self->feeds_.erase(feed->number());
    feed->close(false, Clock::now(), [] {});
    done(&told);
  });
}

// ---- opening

void Subscription::open(Completion done) {
  if (!config_.lasting) return open_brief(std::move(done));
  watching_ = true;
  trunk_->watch(names_.presence({}), names_.presences(), weak_from_this(),
                [self = shared_from_this(), done = std::move(done)](const Error* error) mutable {
                  if (error != nullptr) return done(error);
                  if (self->over_) {
                    const Error ended = make_error(ErrorCode::unavailable, "the connection was lost", true);
                    return done(&ended);
                  }
                  self->choose_feeds(std::move(done));
                });
}

/// What this Bus has sent before is with the broker first, for it is not this subscription's.
void Subscription::open_brief(Completion done) {
  trunk_->session([self = shared_from_this(), done = std::move(done)](
                      const Error* error, const std::shared_ptr<Session>& session) mutable {
    if (error != nullptr) return done(error);
    session->ping([self, done = std::move(done)](const Error* failed) mutable {
      if (failed != nullptr) return done(failed);
      auto id = self->context_->parameters.client_id_prefix + plain(self->config_.name).substr(0, 24) + "-" +
                text::uuid();
      self->open_feed(self->make_feed(Feed::Kind::brief, std::move(id),
                                      self->shares() ? self->names_.shared_filter() : self->names_.topic()),
                      std::move(done));
    });
  });
}

void Subscription::choose_feeds(Completion done) {
  const auto* holder = foreign_holder(names_.home());
  if (holder == nullptr) {
    return open_home([self = shared_from_this(), done = std::move(done)](const Error* error) mutable {
      done(error);
      if (error == nullptr) self->look_after_others();
    });
  }
  const bool alone =
      config_.sharing == Sharing::exclusive || (config_.sharing == Sharing::shared && config_.alone);
  if (alone || mode_of(*holder) != mode_of(holder_text())) {
    const Error error = conflict("a consumer of another process, " + std::string(mode_of(*holder)));
    return done(&error);
  }
  look_again();
  if (config_.sharing == Sharing::failover) return done(nullptr);
  // Another may have it in hand: who had this name before is gone, and what it left is being emptied.
  std::string id = names_.of_instance(context_->instance);
  for (int twin = 2; foreign_holder(id) != nullptr; ++twin) {
    id = names_.of_instance(context_->instance) + "-" + std::to_string(twin);
  }
  // It takes part once the home lets it.
  const auto feed = make_feed(Feed::Kind::instance, id, shares() ? std::string() : names_.topic());
  open_feed(feed, [self = shared_from_this(), feed, done = std::move(done)](const Error* error) mutable {
    if (error != nullptr || !self->shares()) return done(error);
    self->share_with_home(feed, std::move(done));
  });
}

/// A home subscribes to the topic itself while nobody else takes part: brokers were seen to forget shared
/// subscriptions when they restart. It changes over when it hears of us, and tells so.
void Subscription::share_with_home(const std::shared_ptr<Feed>& feed, Completion done) {
  sharing_ = [self = shared_from_this(), feed, done = std::move(done)](const Error* error) mutable {
    if (error != nullptr) return done(error);
    feed->switch_filter(self->names_.shared_filter(),
                        [self, done = std::move(done)](const Error* refused) mutable {
                          done(refused);
                          if (refused == nullptr) self->look_after_others();
                        });
  };
  const auto* home = foreign_holder(names_.home());
  if (home == nullptr || home->ends_with(sharing_mark)) return begin_sharing();
  // One that is not heard of may be gone without a word: messages may then come twice for a while.
  share_timer_.after(patience_with_home, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->begin_sharing();
  });
}

void Subscription::begin_sharing() {
  if (!sharing_) return;
  auto begin = std::exchange(sharing_, nullptr);
  if (!over_) return begin(nullptr);
  const Error error = make_error(ErrorCode::unavailable, "the connection was lost", true);
  begin(&error);
}

Feed* Subscription::feed_of(Feed::Kind kind) const {
  for (const auto& [number, feed] : feeds_) {
    if (feed->kind() == kind && !feed->is_lost()) return feed.get();
  }
  return nullptr;
}

/// Whether other sessions than the home take part, or, unless only `living` count, have messages left.
bool Subscription::has_others(bool living) const {
  return std::any_of(holders_.begin(), holders_.end(), [&](const auto& each) {
    return each.first != names_.home() &&
           !(living && (each.second == gone || each.second.starts_with(context_->token)));
  });
}

/// The home subscribes as it is to: with others, or alone.
void Subscription::fit_home() {
  Feed* const home = feed_of(Feed::Kind::home);
  if (home == nullptr || over_ || fitting_ || !shares()) return;
  const bool others = has_others(false);
  const auto& wanted = others ? names_.shared_filter() : names_.topic();
  if (home->config().filter == wanted) return;
  fitting_ = true;
  home->switch_filter(wanted,
                      [weak = weak_from_this(), home = home->shared_from_this(), others](const Error* error) {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->fitting_ = false;
                        if (error != nullptr) return;
                        home->tell(self->holder_text(others));
                        self->fit_home();
                      });
}

/// The home, and the copies of what was given back.
void Subscription::open_home(Completion done) {
  const bool others = shares() && has_others(false);
  auto home =
      make_feed(Feed::Kind::home, names_.home(), others ? names_.shared_filter() : names_.topic(), others);
  wire::Gather all(2, std::move(done));
  open_feed(home, all.part());
  open_feed(make_feed(Feed::Kind::retry, names_.retry(), names_.retry_topic()), all.part());
}

// ---- others that come and go

void Subscription::on_presence(std::string_view topic, std::string_view holder) {
  const std::string client_id(names_.member_of(topic));
  if (holder.empty()) {
    holders_.erase(client_id);
  } else {
    holders_[client_id] = holder;
  }
  // Who goes on with a session knows what is released there; what we knew of it is no longer so.
  if (foreign_holder(client_id) != nullptr) context_->forget_received(client_id);
  if (sharing_ && client_id == names_.home() && (holder.empty() || holder.ends_with(sharing_mark)))
    begin_sharing();
  fit_home();
  if (!opened_ || over_ || holds(client_id)) return;
  const bool free = client_id == names_.home() && foreign_holder(client_id) == nullptr;
  if (free || holder == gone) {
    compete_timer_.after(some_time(), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->over_) self->look_after_others();
    });
  }
}

/// Takes the home when nobody holds it, and the sessions of those that are gone.
void Subscription::look_after_others() {
  if (over_ || !config_.lasting) return;
  if (!holds(names_.home()) && foreign_holder(names_.home()) == nullptr &&
      adopting_.insert(names_.home()).second) {
    competed_ = true;
    open_home([self = shared_from_this()](const Error* error) {
      self->adopting_.erase(self->names_.home());
      if (error == nullptr) {
        self->look_timer_.cancel();
        self->pump();
      } else if (!self->over_) {
        self->look_again();
      }
    });
  }
  // Without shared subscriptions every session has every message: there is nothing to inherit.
  if (!shares()) return;
  const auto holders = holders_;
  for (const auto& [client_id, holder] : holders) {
    if (holder == gone && client_id != names_.home() && !holds(client_id)) adopt(client_id);
  }
}

void Subscription::adopt(const std::string& client_id) {
  if (!adopting_.insert(client_id).second) return;
  open_feed(make_feed(Feed::Kind::adopted, client_id, names_.shared_filter()),
            [self = shared_from_this(), client_id](const Error*) {
              self->adopting_.erase(client_id);
              self->pump();
            });
}

void Subscription::on_drained(Feed& feed) {
  const auto found = feeds_.find(feed.number());
  if (found == feeds_.end()) return;
  const auto last = found->second;
  feeds_.erase(found);
  last->close(true, deadline_after(context_->parameters.connect_timeout), [last] {});
}

/// Of a holder whose broker ended with it nobody tells the end: what is told of it fades.
void Subscription::look_again() {
  look_timer_.after(look_interval, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->over_ || self->holds(self->names_.home())) return;
    self->holders_.clear();
    self->trunk_->watch(self->names_.presence({}), self->names_.presences(), weak,
                        [self](const Error* error) {
                          if (error != nullptr || self->over_) return;
                          self->look_after_others();
                          self->look_again();
                        });
  });
}

}  // namespace omnibus::mqtt
