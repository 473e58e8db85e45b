#include "backends/pulsar/consumer.hpp"

#include <utility>

#include <omnibus/error.hpp>

#include "backends/pulsar/topic.hpp"

namespace omnibus::pulsar {

Subscriber::Config ConsumerHandle::parse(const driver::ConsumerConfig& config) {
  const auto& options = config.options;
  if (!options.extra.empty()) {
    throw ConfigError(
        "unknown option \"" + options.extra.begin()->first + "\" for a consumer of " + config.queue.str(),
        "the Pulsar backend has no extra options of consumers");
  }
  return {.link = {.topic = topic_of(config.queue),
                   .subscription = subscription_of(config.subscription),
                   .sharing = options.sharing,
                   .position = options.position,
                   .durable = options.lifetime == Lifetime::durable || options.expiry > Duration::zero()},
          .queue = config.queue.str(),
          .best_effort = config.queue.qos == Qos::best_effort,
          .ack_timeout = options.ack_timeout};
}

void ConsumerHandle::open(const std::shared_ptr<Session>& session, const std::shared_ptr<Expiries>& expiries,
                          const driver::ConsumerConfig& config, driver::Sink& sink,
                          driver::Result<std::unique_ptr<driver::Consumer>> done) {
  auto parsed = parse(config);
  const bool expires = config.options.lifetime == Lifetime::ephemeral && parsed.link.durable;
  const Duration expiry = expires ? config.options.expiry : Duration::zero();
  expiries->keep(parsed.link.topic, parsed.link.subscription);
  Subscriber::open(session, std::move(parsed), sink,
                   [session, expiries, expiry, done = std::move(done)](
                       const Error* error, std::shared_ptr<Subscriber> subscriber) mutable {
                     if (error != nullptr) return done(error, nullptr);
                     done(nullptr,
                          std::make_unique<ConsumerHandle>(session, std::move(subscriber), expiries, expiry));
                   });
}

ConsumerHandle::ConsumerHandle(std::shared_ptr<Session> session, std::shared_ptr<Subscriber> subscriber,
                               std::shared_ptr<Expiries> expiries, Duration expiry)
    : session_(std::move(session)),
      subscriber_(std::move(subscriber)),
      expiries_(std::move(expiries)),
      expiry_(expiry) {}

/// The loop lets go last, for timers go with it.
ConsumerHandle::~ConsumerHandle() {
  close(TimePoint::min(), [](const Error*) {});
  session_->loop().post([last = std::move(subscriber_)] {});
}

void ConsumerHandle::request(std::size_t credit) {
  if (session_->loop().here()) return subscriber_->request(credit);
  session_->loop().post([subscriber = subscriber_, credit] { subscriber->request(credit); });
}

void ConsumerHandle::acknowledge(std::span<const driver::AckId> ids, Completion done) {
  session_->loop().post(
      [subscriber = subscriber_, all = std::vector(ids.begin(), ids.end()),
       done = std::move(done)]() mutable { subscriber->acknowledge(all, std::nullopt, std::move(done)); });
}

void ConsumerHandle::negative_acknowledge(std::span<const driver::AckId> ids, Duration delay,
                                          Completion done) {
  session_->loop().post(
      [subscriber = subscriber_, all = std::vector(ids.begin(), ids.end()), delay,
       done = std::move(done)]() mutable { subscriber->negative_acknowledge(all, delay, std::move(done)); });
}

void ConsumerHandle::unsubscribe(Completion done) {
  session_->loop().post([subscriber = subscriber_, done = std::move(done)]() mutable {
    subscriber->unsubscribe(std::move(done));
  });
}

void ConsumerHandle::close(TimePoint deadline, Completion done) {
  session_->loop().post([subscriber = subscriber_, expiries = expiries_, expiry = expiry_, deadline,
                         done = std::move(done)]() mutable {
    if (expiry > Duration::zero() && !subscriber->is_closed()) {
      const auto& link = subscriber->config().link;
      expiries->expire(link.topic, link.subscription, expiry);
    }
    subscriber->close(deadline, std::move(done));
  });
}

}  // namespace omnibus::pulsar
