#include "backends/embedded/backend.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "backends/embedded/clock.hpp"
#include "backends/embedded/consumer.hpp"
#include "backends/embedded/features.hpp"
#include "backends/embedded/log_journal.hpp"
#include "backends/embedded/parameters.hpp"
#include "backends/embedded/producer.hpp"
#include "backends/embedded/transaction.hpp"

namespace omnibus::embedded {
namespace {

std::shared_ptr<Engine> make_memory_engine(const Limits& limits) {
  return std::make_shared<Engine>(make_memory_journal(), EngineOptions{limits, wall_clock});
}

/// The engine of that name in this process; it ends with its last Bus.
std::shared_ptr<Engine> named_engine(const std::string& name, const Limits& limits) {
  static std::mutex mutex;  // guards `engines`; process-wide because the name is
  static std::map<std::string, std::weak_ptr<Engine>> engines;
  const std::lock_guard lock(mutex);
  auto& known = engines[name];
  auto engine = known.lock();
  if (!engine) {
    engine = make_memory_engine(limits);
    known = engine;
  }
  return engine;
}

std::shared_ptr<Engine> open_store_engine(const Parameters& parameters) {
  LogOptions options;
  options.directory = parameters.path;
  options.durability = Durability::parse(parameters.durability);
  options.lock_wait = parameters.lock_wait;
  auto engine = std::make_shared<Engine>(
      std::make_unique<LogJournal>(std::move(options), parameters.checkpoint_interval),
      EngineOptions{parameters.limits, wall_clock});
  try {
    engine->start();
  } catch (...) {
    engine->stop();  // its threads must not be the last to hold it
    throw;
  }
  return engine;
}

void refuse_extra(const Extra& extra, const QueueName& queue) {
  if (extra.empty()) return;
  throw ConfigError("unknown option \"" + extra.begin()->first + "\" for " + queue.str(),
                    "the embedded backend has no extra options of producers and consumers");
}

class EmbeddedBackend final : public driver::Backend {
 public:
  EmbeddedBackend(const driver::BackendConfig& config, driver::Host& host, std::shared_ptr<Engine> engine,
                  bool durable)
      : Backend(config.nulls),
        host_(host),
        engine_(std::move(engine)),
        durable_(durable),
        features_(omnibus::embedded::features(durable)) {
    engine_->add_host(host_);
  }
  ~EmbeddedBackend() override {
    close(TimePoint::min(), [](const Error*) {});
  }

  std::string_view name() const noexcept override { return "embedded"; }
  const driver::Features& features() const noexcept override { return features_; }

  void create_producer(const driver::ProducerConfig& config,
                       driver::Result<std::unique_ptr<driver::Producer>> done) override {
    std::unique_ptr<driver::Producer> producer;
    try {
      refuse_extra(config.extra, config.queue);
      const auto id = open_engine()->open_producer(config);
      producer = std::make_unique<ProducerHandle>(engine_, host_, id, config.queue.qos == Qos::best_effort,
                                                  engine_->inline_queue(config.queue));
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    done(nullptr, std::move(producer));
  }

  void create_consumer(const driver::ConsumerConfig& config, driver::Sink& sink,
                       driver::Result<std::unique_ptr<driver::Consumer>> done) override {
    std::unique_ptr<driver::Consumer> consumer;
    try {
      refuse_extra(config.options.extra, config.queue);
      auto port = open_engine()->open_consumer(config, sink);
      remember(port);
      consumer = std::make_unique<ConsumerHandle>(engine_, std::move(port));
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    done(nullptr, std::move(consumer));
  }

  void create_subscription(const QueueName& queue, std::string_view subscription, Position position,
                           Completion done) override {
    try {
      open_engine()->create_subscription(queue, subscription, position);
    } catch (const Error& error) {
      return done(&error);
    }
    engine_->flush(std::move(done));
  }
  void remove_subscription(const QueueName& queue, std::string_view subscription, Completion done) override {
    try {
      open_engine()->remove_subscription(queue, subscription);
    } catch (const Error& error) {
      return done(&error);
    }
    engine_->flush(std::move(done));
  }

  void statistics(const QueueName& queue, driver::Result<driver::QueueStatistics> done) override {
    driver::QueueStatistics result;
    try {
      result = open_engine()->statistics(queue);
    } catch (const Error& error) {
      return done(&error, {});
    }
    done(nullptr, std::move(result));
  }

  void begin(std::string_view, driver::Result<std::unique_ptr<driver::Transaction>> done) override {
    std::unique_ptr<driver::Transaction> transaction;
    try {
      open_engine();
      transaction = std::make_unique<TransactionHandle>(engine_);
    } catch (const Error& error) {
      return done(&error, nullptr);
    }
    done(nullptr, std::move(transaction));
  }

  void create_inline_consumer(const QueueName& queue, std::shared_ptr<driver::InlineSink> sink,
                              driver::Result<std::unique_ptr<driver::InlineConsumer>> done) override {
    auto target = engine_->inline_queue(queue);
    if (!target) return Backend::create_inline_consumer(queue, std::move(sink), std::move(done));
    done(nullptr, std::make_unique<InlineConsumerHandle>(std::move(target), std::move(sink)));
  }

  void close(TimePoint, Completion done) override {
    if (!closed_.exchange(true)) {
      std::vector<std::weak_ptr<Port>> ports;
      {
        const std::lock_guard lock(mutex_);
        ports.swap(ports_);
      }
      for (const auto& weak : ports) {
        if (auto port = weak.lock()) engine_->close(port, [](const Error*) {});
      }
      engine_->remove_host(host_);
      if (durable_) engine_->stop();
    }
    done(nullptr);
  }

 private:
  Engine* open_engine() const {
    if (closed_) throw ClosedError("the Bus is closed");
    return engine_.get();
  }

  void remember(const PortPtr& port) {
    const std::lock_guard lock(mutex_);
    if (ports_.size() >= purge_at_) {
      std::erase_if(ports_, [](const auto& weak) { return weak.expired(); });
      purge_at_ = 2 * ports_.size() + 64;
    }
    ports_.push_back(port);
  }

  driver::Host& host_;
  const std::shared_ptr<Engine> engine_;
  const bool durable_;
  const driver::Features features_;
  std::atomic<bool> closed_ = false;
  std::mutex mutex_;  ///< guards what follows
  std::vector<std::weak_ptr<Port>> ports_;
  std::size_t purge_at_ = 64;
};

}  // namespace

std::unique_ptr<driver::Backend> open(const driver::BackendConfig& config, driver::Host& host) {
  const auto parameters = parse_parameters(config);
  std::shared_ptr<Engine> engine;
  if (parameters.durable()) {
    engine = open_store_engine(parameters);
  } else {
    engine = parameters.name.empty() ? make_memory_engine(parameters.limits)
                                     : named_engine(parameters.name, parameters.limits);
  }
  return std::make_unique<EmbeddedBackend>(config, host, std::move(engine), parameters.durable());
}

std::string native_name(const QueueName& queue) { return queue.str(); }

}  // namespace omnibus::embedded
