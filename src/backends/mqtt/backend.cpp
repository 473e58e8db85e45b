#include "backends/mqtt/backend.hpp"

#include <future>
#include <optional>
#include <utility>

#include "backends/mqtt/consumer.hpp"
#include "backends/mqtt/features.hpp"
#include "backends/mqtt/producer.hpp"
#include "backends/mqtt/reason.hpp"
#include "core/text.hpp"

namespace omnibus::mqtt {
namespace {

constexpr int most_redirections = 3;

/// Brokers that know no MQTT 5 refuse it, hang up, or keep silent.
bool may_be_old(const Error& error) {
  return error.code() == ErrorCode::unsupported || error.code() == ErrorCode::unavailable ||
         error.code() == ErrorCode::protocol;
}

class MqttBackend final : public driver::Backend {
 public:
  MqttBackend(const driver::BackendConfig& config, Parameters parameters)
      : Backend(config.nulls),
        loop_(std::make_shared<wire::Loop>()),
        context_(std::make_shared<Context>(loop_, std::move(parameters), config.instance)),
        trunk_(std::make_shared<Trunk>(context_)),
        subscriptions_(std::make_shared<Subscriptions>(context_, trunk_)) {}

  ~MqttBackend() override {
    std::promise<void> closed;
    close(TimePoint::min(), [&closed](const Error*) { closed.set_value(); });
    closed.get_future().wait();
    loop_->stop();
  }

  /// Waits until a broker has accepted. Errors: what connecting reports.
  void connect() {
    const auto& wanted = context_->parameters.version;
    std::optional<Error> error;
    for (std::size_t i = 0; i < context_->parameters.brokers.size(); ++i) {
      error = wanted ? try_version(i, *wanted) : try_versions(i);
      if (!error) return;
    }
    error->raise();
  }

  std::string_view name() const noexcept override { return "mqtt"; }
  const driver::Features& features() const noexcept override { return features_; }

  void create_producer(const driver::ProducerConfig& config,
                       driver::Result<std::unique_ptr<driver::Producer>> done) override {
    try {
      ProducerHandle::check(config);
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    loop_->post([context = context_, trunk = trunk_, config, done = std::move(done)]() mutable {
      ProducerHandle::open(context, trunk, config, std::move(done));
    });
  }

  void create_consumer(const driver::ConsumerConfig& config, driver::Sink& sink,
                       driver::Result<std::unique_ptr<driver::Consumer>> done) override {
    try {
      ConsumerHandle::parse(config, context_->parameters);
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    loop_->post([context = context_, subscriptions = subscriptions_, config, &sink,
                 done = std::move(done)]() mutable {
      ConsumerHandle::open(context, subscriptions, config, sink, std::move(done));
    });
  }

  /// There is no history, and so no position but the latest.
  void create_subscription(const QueueName& queue, std::string_view subscription, Position,
                           Completion done) override {
    loop_->post([subscriptions = subscriptions_, queue, name = std::string(subscription),
                 done = std::move(done)]() mutable { subscriptions->create(queue, name, std::move(done)); });
  }

  void remove_subscription(const QueueName& queue, std::string_view subscription, Completion done) override {
    loop_->post([subscriptions = subscriptions_, queue, name = std::string(subscription),
                 done = std::move(done)]() mutable { subscriptions->remove(queue, name, std::move(done)); });
  }

  void close(TimePoint deadline, Completion done) override {
    loop_->post([context = context_, trunk = trunk_, subscriptions = subscriptions_, loop = loop_, deadline,
                 done = std::move(done)]() mutable {
      context->closed = true;
      subscriptions->close();
      trunk->close(deadline, [context, loop, done = std::move(done)]() mutable {
        const Error error = make_error(ErrorCode::closed, "the bus is closed", false);
        const auto connections = context->connections;
        for (const auto& weak : connections) {
          if (const auto connection = weak.lock()) connection->abort(error);
        }
        // What the end of the connections has set off comes first.
        loop->post([done = std::move(done)]() mutable { done(nullptr); });
      });
    });
  }

 private:
  /// 5, and 3.1.1 where somebody is there who does not answer to that; both within the connect timeout.
  std::optional<Error> try_versions(std::size_t broker) {
    const Duration all = context_->parameters.connect_timeout;
    context_->patience = all / 2;
    auto error = try_version(broker, Version::v5);
    if (error && context_->reached && may_be_old(*error)) {
      const bool refused = error->code() == ErrorCode::unsupported;
      const auto older = try_version(broker, Version::v311);
      if (!older || refused) error = older;  // else what the newer version said tells more
    }
    context_->patience = all;
    return error;
  }

  std::optional<Error> try_version(std::size_t broker, Version version) {
    std::optional<Error> error;
    context_->broker = broker;
    context_->redirected.reset();
    for (int hop = 0; hop <= most_redirections; ++hop) {
      error = try_once(version);
      if (!error || !context_->redirected) break;
    }
    return error;
  }

  std::optional<Error> try_once(Version version) {
    std::promise<std::optional<Error>> connected;
    loop_->post([this, version, &connected] {
      context_->version = version;
      trunk_->session([this, &connected](const Error* error, const std::shared_ptr<Session>& session) {
        if (error != nullptr) return connected.set_value(*error);
        features_ = omnibus::mqtt::features(*context_, session->terms());
        connected.set_value(std::nullopt);
      });
    });
    return connected.get_future().get();
  }

  const std::shared_ptr<wire::Loop> loop_;
  const std::shared_ptr<Context> context_;
  const std::shared_ptr<Trunk> trunk_;
  const std::shared_ptr<Subscriptions> subscriptions_;
  driver::Features features_;
};

}  // namespace

std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host&) {
  auto backend = std::make_unique<MqttBackend>(config, parse_parameters(config));
  backend->connect();
  return backend;
}

std::string native_name(const QueueName& queue) { return topic_of(queue); }

}  // namespace omnibus::mqtt
