#include <omnibus/bus.hpp>

#include <utility>

#include <omnibus/log.hpp>

#include "core/answer.hpp"
#include "core/connection.hpp"
#include "core/consumer_core.hpp"
#include "core/inline_core.hpp"
#include "core/producer_core.hpp"
#include "core/thread_state.hpp"
#include "core/transaction.hpp"

namespace omnibus {
namespace detail {
namespace {

constexpr Duration destructor_time = std::chrono::seconds(10);

/// What a user holds: closes its core, then lets go of the connection.
class OwnedProducer final : public ProducerHandle {
 public:
  OwnedProducer(std::shared_ptr<BusCore> owner, std::shared_ptr<ProducerCore> core)
      : owner_(std::move(owner)), core_(std::move(core)) {}
  ~OwnedProducer() override {
    const auto report = core_->close(destructor_time);
    if (report.unsent == 0) return;
    log::write(log::Level::warning, "the producer of " + core_->queue().str() + " ended with " +
                                        std::to_string(report.unsent) + " messages unsent");
  }
  void send(const void* value, const SendOptions& options) override { core_->send(value, options); }
  void send_async(const void* value, const SendOptions& options, Completion done) override {
    core_->send_async(value, options, std::move(done));
  }
  void flush(Duration timeout) override { core_->flush(timeout); }
  CloseReport close(Duration timeout) noexcept override { return core_->close(timeout); }
  const QueueName& queue() const noexcept override { return core_->queue(); }

 private:
  std::shared_ptr<BusCore> owner_;  // first: goes last
  std::shared_ptr<ProducerCore> core_;
};

class OwnedConsumer final : public ConsumerHandle {
 public:
  OwnedConsumer(std::shared_ptr<BusCore> owner, std::shared_ptr<ConsumerCore> core)
      : owner_(std::move(owner)), core_(std::move(core)) {}
  ~OwnedConsumer() override {
    const auto report = core_->close(destructor_time);
    if (report.running == 0 || !core_->durable()) return;  // nobody gets an ephemeral one's leftovers
    log::write(log::Level::info, "the consumer of " + core_->queue().str() + " (" + core_->subscription() +
                                     ") ended with " + std::to_string(report.running) +
                                     " messages unacknowledged");
  }
  std::optional<Envelope> receive(Duration timeout) override { return core_->receive(timeout); }
  void receive_async(UniqueFunction<void(const Error*, Envelope)> ready) override {
    core_->receive_async(std::move(ready));
  }
  bool decode(const Envelope& envelope, void* value) override { return core_->decode(envelope, value); }
  void acknowledge(const Envelope& envelope) override { core_->acknowledge(envelope); }
  void acknowledge_async(const Envelope& envelope, Completion done) override {
    core_->acknowledge_async(envelope, std::move(done));
  }
  void negative_acknowledge(const Envelope& envelope, std::string_view reason) override {
    core_->negative_acknowledge(envelope, reason);
  }
  void negative_acknowledge_async(const Envelope& envelope, std::string_view reason,
                                  Completion done) override {
    core_->negative_acknowledge_async(envelope, reason, std::move(done));
  }
  void unsubscribe() override { core_->unsubscribe(); }
  EndSettling acknowledge_in(driver::Transaction& transaction, const Envelope& envelope) override {
    return core_->acknowledge_in(transaction, envelope);
  }
  CloseReport close(Duration timeout) noexcept override { return core_->close(timeout); }
  const QueueName& queue() const noexcept override { return core_->queue(); }
  const std::string& subscription() const noexcept override { return core_->subscription(); }

 private:
  std::shared_ptr<BusCore> owner_;  // first: goes last
  std::shared_ptr<ConsumerCore> core_;
};

class OwnedInlineConsumer final : public InlineConsumerHandle {
 public:
  OwnedInlineConsumer(std::shared_ptr<BusCore> owner, std::shared_ptr<InlineCore> core)
      : owner_(std::move(owner)), core_(std::move(core)) {}
  ~OwnedInlineConsumer() override { core_->close(destructor_time); }
  CloseReport close(Duration timeout) noexcept override { return core_->close(timeout); }
  const QueueName& queue() const noexcept override { return core_->queue(); }

 private:
  std::shared_ptr<BusCore> owner_;  // first: goes last
  std::shared_ptr<InlineCore> core_;
};

}  // namespace
}  // namespace detail

Bus connect_with(const BackendFactory& open, std::string_view url, BusOptions options) {
  return Bus(std::make_shared<detail::BusCore>(detail::Connection::open(open, url, std::move(options))));
}

std::unique_ptr<detail::ProducerHandle> Bus::create_producer(const QueueName& queue, const schema::Type& type,
                                                             ProducerOptions options) {
  validate(queue);
  auto core = detail::ProducerCore::open(core_->connection(), queue, &type, std::move(options));
  return std::make_unique<detail::OwnedProducer>(core_, std::move(core));
}

std::unique_ptr<detail::ConsumerHandle> Bus::create_consumer(const QueueName& queue,
                                                             std::string_view subscription,
                                                             const schema::Type& type,
                                                             ConsumerOptions options) {
  validate(queue);
  auto core = detail::ConsumerCore::open(core_->connection(), queue, subscription, type, std::move(options));
  return std::make_unique<detail::OwnedConsumer>(core_, std::move(core));
}

std::unique_ptr<detail::InlineConsumerHandle> Bus::create_inline_consumer(const QueueName& queue,
                                                                          const schema::Type& type,
                                                                          detail::MakeInlineCall make) {
  validate(queue);
  auto core = detail::InlineCore::open(core_->connection(), queue, type, std::move(make));
  return std::make_unique<detail::OwnedInlineConsumer>(core_, std::move(core));
}

Transaction Bus::begin_transaction() { return Transaction(detail::begin_transaction(core_)); }

void Bus::create_subscription(const QueueName& queue, std::string_view subscription, Position position) {
  validate(queue);
  validate_subscription(subscription);
  core_->connection()->check_open();
  detail::answer_of<bool>(*core_->connection(),
                          "cannot create subscription " + std::string(subscription) + " of " + queue.str(),
                          [&](driver::Backend& backend, auto done) {
                            backend.create_subscription(queue, subscription, position,
                                                        [done](const Error* error) { done(error, true); });
                          });
}

void Bus::remove_subscription(const QueueName& queue, std::string_view subscription) {
  validate(queue);
  validate_subscription(subscription);
  core_->connection()->check_open();
  detail::answer_of<bool>(
      *core_->connection(), "cannot remove subscription " + std::string(subscription) + " of " + queue.str(),
      [&](driver::Backend& backend, auto done) {
        backend.remove_subscription(queue, subscription, [done](const Error* error) { done(error, true); });
      });
}

driver::QueueStatistics Bus::statistics(const QueueName& queue) {
  validate(queue);
  core_->connection()->check_open();
  return detail::answer_of<driver::QueueStatistics>(
      *core_->connection(), "cannot look at " + queue.str(),
      [&](driver::Backend& backend, auto done) { backend.statistics(queue, std::move(done)); });
}

driver::NamespaceOutcome Bus::create_namespace(const driver::NamespaceConfig& config) {
  validate({.name = "queue", .qos = Qos::at_least_once, .tenant = config.tenant, .space = config.space});
  core_->connection()->check_open();
  return detail::answer_of<driver::NamespaceOutcome>(
      *core_->connection(), "cannot make the namespace " + config.tenant + "/" + config.space,
      [&](driver::Backend& backend, auto done) { backend.create_namespace(config, std::move(done)); });
}

std::string_view Bus::backend() const noexcept { return core_->connection()->backend().name(); }

const driver::Features& Bus::features() const noexcept { return core_->connection()->features(); }

const BusOptions& Bus::options() const noexcept { return core_->connection()->options(); }

Metrics& Bus::metrics() const noexcept { return core_->connection()->metrics(); }

void Bus::post(UniqueFunction<void()> work) const { core_->connection()->post(std::move(work)); }

std::uint64_t Bus::post_at(TimePoint when, UniqueFunction<void()> work) const {
  auto& connection = *core_->connection();
  return connection.schedule(when, [&connection, task = std::move(work)]() mutable {
    connection.post(std::move(task));  // the connection owns its timers
  });
}

bool Bus::cancel(std::uint64_t token) const noexcept { return core_->connection()->cancel(token); }

CloseReport Bus::close(Duration timeout) noexcept {
  const auto connection = core_->connection();
  if (!detail::thread_state.inside_callback()) return connection->close(timeout);
  detail::run_aside([connection, timeout] { connection->close(timeout); });
  return {};
}

}  // namespace omnibus
