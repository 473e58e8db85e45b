#include "backends/mqtt/consumer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <omnibus/error.hpp>

namespace omnibus::mqtt {
namespace {

constexpr Duration overtaken_pause = std::chrono::milliseconds(50);

/// Another process took the session that this one had just found free: it then finds it held, and has one of
/// its own.
bool may_be_overtaken(const Error& error, const Subscription::Config& config) {
  return config.lasting && config.sharing != Sharing::exclusive &&
         (error.code() == ErrorCode::conflict || error.code() == ErrorCode::unavailable);
}

}  // namespace

Subscription::Config ConsumerHandle::parse(const driver::ConsumerConfig& config,
                                           const Parameters& parameters) {
  const auto& options = config.options;
  if (!options.extra.empty()) {
    throw ConfigError(
        "unknown option \"" + options.extra.begin()->first + "\" for a consumer of " + config.queue.str(),
        "the MQTT backend has no extra options of consumers");
  }
  const bool durable = options.lifetime == Lifetime::durable;
  constexpr std::int64_t never = 0xffffffff;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.expiry).count();
  return {.queue = config.queue,
          .name = config.subscription,
          .sharing = options.sharing,
          // No broker keeps messages of QoS 0.
          .lasting = config.queue.qos != Qos::best_effort && (durable || options.expiry > Duration::zero()),
          .alone = config.queue.qos == Qos::exactly_once && !options.allow_weaker,
          .expiry = durable ? parameters.session_expiry
                            : static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, never - 1))};
}

void ConsumerHandle::open(const std::shared_ptr<Context>& context,
                          const std::shared_ptr<Subscriptions>& subscriptions,
                          const driver::ConsumerConfig& config, driver::Sink& sink,
                          driver::Result<std::unique_ptr<driver::Consumer>> done, int tries) {
  std::shared_ptr<Subscription> subscription;
  try {
    subscription = subscriptions->find_or_make(parse(config, context->parameters));
  } catch (const Error& error) {
    return done(&error, nullptr);
  }
  const auto member = std::make_shared<Member>(sink, config.options.window);
  subscription->join(member, [context, subscriptions, config, &sink, subscription, member, tries,
                              done = std::move(done)](const Error* error) mutable {
    if (error == nullptr) {
      return done(nullptr,
                  std::make_unique<ConsumerHandle>(context, std::move(subscription), std::move(member)));
    }
    if (tries <= 1 || !may_be_overtaken(*error, subscription->config())) return done(error, nullptr);
    subscriptions->later(overtaken_pause, [context, subscriptions, config, &sink, tries,
                                           done = std::move(done)](const Error* closed) mutable {
      if (closed != nullptr) return done(closed, nullptr);
      open(context, subscriptions, config, sink, std::move(done), tries - 1);
    });
  });
}

ConsumerHandle::ConsumerHandle(std::shared_ptr<Context> context, std::shared_ptr<Subscription> subscription,
                               std::shared_ptr<Member> member)
    : context_(std::move(context)), subscription_(std::move(subscription)), member_(std::move(member)) {}

/// The loop lets go last, for timers go with it.
ConsumerHandle::~ConsumerHandle() {
  close(TimePoint::min(), [](const Error*) {});
  context_->loop.post([subscription = std::move(subscription_), member = std::move(member_)] {});
}

void ConsumerHandle::request(std::size_t credit) {
  if (context_->loop.here()) return subscription_->request(*member_, credit);
  context_->loop.post(
      [subscription = subscription_, member = member_, credit] { subscription->request(*member, credit); });
}

void ConsumerHandle::acknowledge(std::span<const driver::AckId> ids, Completion done) {
  context_->loop.post(
      [subscription = subscription_, all = std::vector(ids.begin(), ids.end()),
       done = std::move(done)]() mutable { subscription->acknowledge(all, std::move(done)); });
}

void ConsumerHandle::negative_acknowledge(std::span<const driver::AckId> ids, Duration delay,
                                          Completion done) {
  context_->loop.post([subscription = subscription_, all = std::vector(ids.begin(), ids.end()), delay,
                       done = std::move(done)]() mutable {
    subscription->negative_acknowledge(all, delay, std::move(done));
  });
}

void ConsumerHandle::unsubscribe(Completion done) {
  const auto deadline = deadline_after(context_->parameters.connect_timeout);
  context_->loop.post(
      [subscription = subscription_, member = member_, deadline, done = std::move(done)]() mutable {
        subscription->leave(member, true, deadline, [done = std::move(done)]() mutable { done(nullptr); });
      });
}

void ConsumerHandle::close(TimePoint deadline, Completion done) {
  context_->loop.post(
      [subscription = subscription_, member = member_, deadline, done = std::move(done)]() mutable {
        subscription->leave(member, false, deadline, [done = std::move(done)]() mutable { done(nullptr); });
      });
}

}  // namespace omnibus::mqtt
