#include "backends/pulsar/subscriptions.hpp"

#include <algorithm>

#include <omnibus/log.hpp>

#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/topic.hpp"
#include "wire/gather.hpp"

namespace omnibus::pulsar {
namespace {

/// A consumer that is made for its subscription only and gets no message.
class Silent final : public ConsumerEvents {
 public:
  void on_message(const proto::CommandMessage&, const Frame::Message&) override {}
  void on_lost(const Error&) override {}
};

using ForTopic = std::function<void(const std::string& topic, Completion done)>;

/// Runs it for the topic, or for each of its partitions.
void for_each_part(const std::shared_ptr<Session>& session, const std::string& topic, ForTopic action,
                   Completion done) {
  session->partitions(topic, [topic, action = std::move(action), done = std::move(done)](
                                 const Error* error, std::size_t count) mutable {
    if (error != nullptr) return done(error);
    if (count == 0) return action(topic, std::move(done));
    wire::Gather all(count, std::move(done));
    for (std::size_t i = 0; i < count; ++i) action(partition_of(topic, i), all.part());
  });
}

void create_one(const std::shared_ptr<Session>& session, const SubscriptionLink::Config& config,
                Completion done) {
  SubscriptionLink::open(session, config, std::make_shared<Silent>(),
                         [done = std::move(done)](const Error* error, const SubscriptionLink& link) mutable {
                           // In use in another mode: it exists.
                           if (error != nullptr && error->native() == "ConsumerBusy") return done(nullptr);
                           if (error != nullptr) return done(error);
                           link.close(std::move(done));
                         });
}

void remove_one(const std::shared_ptr<Session>& session, const SubscriptionLink::Config& config,
                Completion done) {
  SubscriptionLink::open(
      session, config, std::make_shared<Silent>(),
      [done = std::move(done)](const Error* error, const SubscriptionLink& link) mutable {
        if (error != nullptr) return done(error);
        link.unsubscribe([link, done = std::move(done)](const Error* failed) mutable {
          std::optional<Error> told;
          if (failed != nullptr) told = *failed;
          link.close([told, done = std::move(done)](const Error*) mutable { done(told ? &*told : nullptr); });
        });
      });
}

}  // namespace

void create_subscription(const std::shared_ptr<Session>& session, const std::string& topic,
                         const std::string& subscription, Position position, Completion done) {
  for_each_part(
      session, topic,
      [session, subscription, position](const std::string& part, Completion one) {
        create_one(session, {.topic = part, .subscription = subscription, .position = position},
                   std::move(one));
      },
      std::move(done));
}

void remove_subscription(const std::shared_ptr<Session>& session, const std::string& topic,
                         const std::string& subscription, Completion done) {
  for_each_part(
      session, topic,
      [session, subscription](const std::string& part, Completion one) {
        // Exclusive, so that nobody else's consumer loses it.
        remove_one(session, {.topic = part, .subscription = subscription, .sharing = Sharing::exclusive},
                   std::move(one));
      },
      std::move(done));
}

void Expiries::expire(const std::string& topic, const std::string& subscription, Duration delay) {
  auto& timer = timers_[{topic, subscription}];
  timer = std::make_unique<wire::Timer>(session_->loop());
  timer->after(delay, [self = shared_from_this(), topic, subscription] {
    self->keep(topic, subscription);
    remove_subscription(self->session_, topic, subscription, [topic, subscription](const Error* error) {
      if (error == nullptr || error->code() == ErrorCode::conflict || error->code() == ErrorCode::closed)
        return;
      log::write(log::Level::warning, "the expired subscription " + subscription + " of " + topic +
                                          " could not be removed: " + error->what());
    });
  });
}

}  // namespace omnibus::pulsar
