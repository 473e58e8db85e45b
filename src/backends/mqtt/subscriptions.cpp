#include "backends/mqtt/subscriptions.hpp"

#include <set>
#include <utility>

#include "backends/mqtt/erase_session.hpp"
#include "backends/mqtt/reason.hpp"
#include "wire/gather.hpp"

namespace omnibus::mqtt {
namespace {

/// Asks who holds the sessions of a subscription, once.
class Census final : public Watcher {
 public:
  using Done = UniqueFunction<void(const Error*, const std::map<std::string, std::string>&)>;

  static void take(const std::shared_ptr<Trunk>& trunk, const SubscriptionNames& names, Done done) {
    const auto census = std::make_shared<Census>(names);
    trunk->watch(names.presence({}), names.presences(), census,
                 [census, trunk, done = std::move(done)](const Error* error) mutable {
                   trunk->unwatch(census->names_.presence({}), census->names_.presences(), census);
                   done(error, census->holders_);
                 });
  }
  explicit Census(SubscriptionNames names) : names_(std::move(names)) {}

  void on_presence(std::string_view topic, std::string_view holder) override {
    if (!holder.empty()) holders_[std::string(names_.member_of(topic))] = holder;
  }
  void on_trunk_lost(const Error&) override {}  // the question is answered by the same error

 private:
  const SubscriptionNames names_;
  std::map<std::string, std::string> holders_;
};

bool is_held(const std::string& holder) { return holder != "gone"; }

/// Takes what comes and leaves it where it is.
class Untouched final : public FeedEvents {
 public:
  void on_message(Feed&, const Publish&) override {}
  void on_feed_lost(Feed&, const Error&) override {}
  void on_drained(Feed&) override {}
};

/// Connects, subscribes and goes.
void make_session(const std::shared_ptr<Context>& context, const QueueName& queue, std::string client_id,
                  std::string filter, Completion done) {
  const auto events = std::make_shared<Untouched>();
  Feed::Config config{.kind = Feed::Kind::retry,  // nobody is told of it
                      .client_id = std::move(client_id),
                      .filter = std::move(filter),
                      .qos = static_cast<std::uint8_t>(queue.qos),
                      .expiry = context->parameters.session_expiry,
                      .window = 1};
  const auto feed = std::make_shared<Feed>(context, ++context->last_number, std::move(config), events);
  feed->open([context, feed, events, done = std::move(done)](const Error* error) mutable {
    // Taken over, it is there: somebody else made it in the same moment.
    if (error != nullptr && error->code() != ErrorCode::conflict) return done(error);
    feed->close(false, deadline_after(context->parameters.connect_timeout),
                [feed, events, done = std::move(done)]() mutable { done(nullptr); });
  });
}

}  // namespace

std::shared_ptr<Subscription> Subscriptions::running(const QueueName& queue, std::string_view name) const {
  const auto found = known_.find({topic_of(queue), std::string(name), queue.qos == Qos::best_effort});
  auto subscription = found != known_.end() ? found->second.lock() : nullptr;
  return subscription && !subscription->is_over() ? subscription : nullptr;
}

std::shared_ptr<Subscription> Subscriptions::find_or_make(Subscription::Config config) {
  if (auto known = running(config.queue, config.name)) {
    if (known->config().sharing == config.sharing && known->config().lasting == config.lasting) return known;
    throw make_error(
        ErrorCode::conflict,
        "the subscription " + config.name + " of " + config.queue.str() + " has a consumer in another mode",
        false, "all consumers of a subscription share it in one mode and for one lifetime");
  }
  std::erase_if(known_, [](const auto& each) { return each.second.expired(); });
  const Key key{topic_of(config.queue), config.name, config.queue.qos == Qos::best_effort};
  const auto made = std::make_shared<Subscription>(context_, trunk_, std::move(config));
  known_[key] = made;
  return made;
}

void Subscriptions::later(Duration delay, Completion work) {
  const auto place = later_.emplace(later_.end(), context_->loop, std::move(work));
  place->timer.after(delay, [weak = weak_from_this(), place] {
    const auto self = weak.lock();
    if (!self) return;
    auto due = std::move(place->work);
    self->later_.erase(place);
    due(nullptr);
  });
}

void Subscriptions::close() {
  const Error closed = make_error(ErrorCode::closed, "the bus is closed", false);
  auto left = std::exchange(later_, {});
  for (auto& one : left) one.work(&closed);
}

void Subscriptions::create(const QueueName& queue, std::string_view name, Completion done) {
  if (running(queue, name)) return done(nullptr);
  const SubscriptionNames names(queue, name, context_->parameters.client_id_prefix);
  Census::take(trunk_, names,
               [context = context_, queue, names, done = std::move(done)](const Error* error,
                                                                          const auto& holders) mutable {
                 if (error != nullptr) return done(error);
                 if (const auto home = holders.find(names.home());
                     home != holders.end() && is_held(home->second)) {
                   return done(nullptr);
                 }
                 const bool shared = context->version == Version::v5 && context->shares;
                 wire::Gather all(2, std::move(done));
                 make_session(context, queue, names.home(), shared ? names.shared_filter() : names.topic(),
                              all.part());
                 make_session(context, queue, names.retry(), names.retry_topic(), all.part());
               });
}

void Subscriptions::remove(const QueueName& queue, std::string_view name, Completion done) {
  const SubscriptionNames names(queue, name, context_->parameters.client_id_prefix);
  const auto held = [text =
                         "the subscription " + std::string(name) + " of " + queue.str() + " has a consumer"] {
    return make_error(ErrorCode::conflict, text, false, "end its consumers first, or let one unsubscribe");
  };
  if (running(queue, name)) {
    const Error error = held();
    return done(&error);
  }
  Census::take(trunk_, names,
               [context = context_, names, held, done = std::move(done)](const Error* error,
                                                                         const auto& holders) mutable {
                 if (error != nullptr) return done(error);
                 std::set<std::string> sessions{names.home(), names.retry()};
                 for (const auto& [client_id, holder] : holders) {
                   if (is_held(holder)) {
                     const Error refused = held();
                     return done(&refused);
                   }
                   sessions.insert(client_id);
                 }
                 wire::Gather all(sessions.size(), std::move(done));
                 for (const auto& client_id : sessions) erase_session(context, client_id, all.part());
               });
}

}  // namespace omnibus::mqtt
