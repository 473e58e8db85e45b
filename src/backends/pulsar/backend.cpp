#include "backends/pulsar/backend.hpp"

#include <future>
#include <utility>

#include "backends/pulsar/consumer.hpp"
#include "backends/pulsar/errors.hpp"
#include "backends/pulsar/features.hpp"
#include "backends/pulsar/namespaces.hpp"
#include "backends/pulsar/producer.hpp"
#include "backends/pulsar/statistics.hpp"
#include "backends/pulsar/topic.hpp"
#include "backends/pulsar/transaction.hpp"

namespace omnibus::pulsar {
namespace {

class PulsarBackend final : public driver::Backend {
 public:
  PulsarBackend(const driver::BackendConfig& config, Parameters parameters)
      : Backend(config.nulls),
        loop_(std::make_shared<wire::Loop>()),
        session_(std::make_shared<Session>(loop_, std::move(parameters))),
        expiries_(std::make_shared<Expiries>(session_)),
        coordinator_(std::make_shared<Coordinator>(session_, config.instance)),
        features_(omnibus::pulsar::features(session_->parameters().batching)) {}

  ~PulsarBackend() override {
    std::promise<void> closed;
    close(TimePoint::min(), [&closed](const Error*) { closed.set_value(); });
    closed.get_future().wait();
    loop_->stop();
  }

  /// Waits until a broker has greeted. Errors: what connecting reports.
  void connect() {
    std::promise<std::optional<Error>> connected;
    on_loop([this, &connected] {
      session_->service([&connected](const Error* error, const std::shared_ptr<Connection>&) {
        connected.set_value(error != nullptr ? std::optional(*error) : std::nullopt);
      });
    });
    if (const auto error = connected.get_future().get()) error->raise();
  }

  std::string_view name() const noexcept override { return "pulsar"; }
  const driver::Features& features() const noexcept override { return features_; }

  void create_producer(const driver::ProducerConfig& config,
                       driver::Result<std::unique_ptr<driver::Producer>> done) override {
    try {
      ProducerHandle::parse(config, session_->parameters());
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    on_loop([session = session_, config, done = std::move(done)]() mutable {
      ProducerHandle::open(session, config, std::move(done));
    });
  }

  void create_consumer(const driver::ConsumerConfig& config, driver::Sink& sink,
                       driver::Result<std::unique_ptr<driver::Consumer>> done) override {
    try {
      ConsumerHandle::parse(config);
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    on_loop([session = session_, expiries = expiries_, config, &sink, done = std::move(done)]() mutable {
      ConsumerHandle::open(session, expiries, config, sink, std::move(done));
    });
  }

  void create_subscription(const QueueName& queue, std::string_view subscription, Position position,
                           Completion done) override {
    on_loop([this, topic = topic_of(queue), name = subscription_of(subscription), position,
             done = std::move(done)]() mutable {
      expiries_->keep(topic, name);
      omnibus::pulsar::create_subscription(session_, topic, name, position, std::move(done));
    });
  }

  void remove_subscription(const QueueName& queue, std::string_view subscription, Completion done) override {
    on_loop([this, topic = topic_of(queue), name = subscription_of(subscription),
             done = std::move(done)]() mutable {
      expiries_->keep(topic, name);
      omnibus::pulsar::remove_subscription(session_, topic, name, std::move(done));
    });
  }

  void statistics(const QueueName& queue, driver::Result<driver::QueueStatistics> done) override {
    on_loop([this, topic = topic_of(queue), done = std::move(done)]() mutable {
      omnibus::pulsar::statistics(session_, topic, std::move(done));
    });
  }

  /// The transactional id is of no use here: the coordinator numbers transactions itself.
  void begin(std::string_view, driver::Result<std::unique_ptr<driver::Transaction>> done) override {
    on_loop([coordinator = coordinator_, done = std::move(done)]() mutable {
      TransactionHandle::begin(coordinator, std::move(done));
    });
  }

  void create_namespace(const driver::NamespaceConfig& config,
                        driver::Result<driver::NamespaceOutcome> done) override {
    on_loop([session = session_, config, done = std::move(done)]() mutable {
      omnibus::pulsar::create_namespace(session, config, std::move(done));
    });
  }

  void close(TimePoint, Completion done) override {
    on_loop([this, done = std::move(done)]() mutable {
      expiries_->clear();
      session_->close();
      // What the end of the connections has set off comes first.
      loop_->post([done = std::move(done)]() mutable { done(nullptr); });
    });
  }

 private:
  template <class Work>
  void on_loop(Work work) {
    loop_->post(std::move(work));
  }

  const std::shared_ptr<wire::Loop> loop_;
  const std::shared_ptr<Session> session_;
  const std::shared_ptr<Expiries> expiries_;
  const std::shared_ptr<Coordinator> coordinator_;
  const driver::Features features_;
};

}  // namespace

std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host&) {
  auto backend = std::make_unique<PulsarBackend>(config, parse_parameters(config));
  backend->connect();
  return backend;
}

std::string native_name(const QueueName& queue) { return topic_of(queue); }

}  // namespace omnibus::pulsar
