#include "conformance/steps.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "backends/registry.hpp"

namespace omnibus::conformance {
namespace {

constexpr std::array<std::string_view, 24> relaying{
    "connected",
    "subscribed",
    "received",
    "driver: transaction asked for",
    "driver: transaction begun",
    "begun",
    "first output handed over",
    "second output handed over",
    "driver: send asked for",
    "driver: send under way",
    "driver: send confirmed",
    "driver: acknowledgement asked for",
    "driver: acknowledgement under way",
    "driver: acknowledgement confirmed",
    "acknowledgement handed over",
    "driver: commit asked for",
    "driver: commit under way",
    "driver: commit confirmed",
    "committed",
    "driver: abort asked for",
    "driver: abort under way",
    "aborted",
    "given back",
    "closing",
};

constexpr std::array<std::string_view, 10> sending{
    "connected",
    "producer made",
    "driver: producer made",
    "sending",
    "driver: send asked for",
    "driver: send under way",
    "driver: send confirmed",
    "confirmed",
    "closing",
    "closed",
};

/// Set before the first thread starts.
std::string armed;
std::atomic<std::int64_t> left = 0;

bool known(std::span<const std::string_view> steps, std::string_view step) {
  return std::find(steps.begin(), steps.end(), step) != steps.end();
}

Completion then_reach(std::string_view step, Completion done) {
  return [step, done = std::move(done)](const Error* error) mutable {
    if (error == nullptr) reach(step);
    done(error);
  };
}

class SteppedProducer final : public driver::Producer {
 public:
  explicit SteppedProducer(std::unique_ptr<driver::Producer> inner) : inner_(std::move(inner)) {}

  void send(std::span<driver::SendRequest> batch) override {
    reach("driver: send asked for");
    for (auto& request : batch) request.done = then_reach("driver: send confirmed", std::move(request.done));
    inner_->send(batch);
    reach("driver: send under way");
  }
  void flush(Completion done) override { inner_->flush(std::move(done)); }
  void close(TimePoint deadline, Completion done) override { inner_->close(deadline, std::move(done)); }

 private:
  std::unique_ptr<driver::Producer> inner_;
};

class SteppedTransaction final : public driver::Transaction {
 public:
  explicit SteppedTransaction(std::unique_ptr<driver::Transaction> inner) : inner_(std::move(inner)) {}

  void send(const QueueName& queue, const driver::Outgoing& message, Completion done) override {
    reach("driver: send asked for");
    inner_->send(queue, message, then_reach("driver: send confirmed", std::move(done)));
    reach("driver: send under way");
  }
  void acknowledge(driver::Consumer& consumer, std::span<const driver::AckId> ids, Completion done) override {
    reach("driver: acknowledgement asked for");
    inner_->acknowledge(consumer, ids, then_reach("driver: acknowledgement confirmed", std::move(done)));
    reach("driver: acknowledgement under way");
  }
  void commit(Completion done) override {
    reach("driver: commit asked for");
    inner_->commit(then_reach("driver: commit confirmed", std::move(done)));
    reach("driver: commit under way");
  }
  void abort(Completion done) override {
    reach("driver: abort asked for");
    inner_->abort(std::move(done));
    reach("driver: abort under way");
  }

 private:
  std::unique_ptr<driver::Transaction> inner_;
};

/// Consumers are the backend's own: its transactions know only those.
class SteppedBackend final : public driver::Backend {
 public:
  explicit SteppedBackend(std::unique_ptr<driver::Backend> inner) : inner_(std::move(inner)) {}

  std::string_view name() const noexcept override { return inner_->name(); }
  const driver::Features& features() const noexcept override { return inner_->features(); }
  std::unique_ptr<driver::Encoder> encoder(const schema::Type& type) override {
    return inner_->encoder(type);
  }
  std::unique_ptr<driver::Decoder> decoder(const schema::Type& type) override {
    return inner_->decoder(type);
  }

  void create_producer(const driver::ProducerConfig& config,
                       driver::Result<std::unique_ptr<driver::Producer>> done) override {
    inner_->create_producer(config, [done = std::move(done)](const Error* error, auto made) mutable {
      if (error != nullptr) return done(error, nullptr);
      reach("driver: producer made");
      done(nullptr, std::make_unique<SteppedProducer>(std::move(made)));
    });
  }
  void create_consumer(const driver::ConsumerConfig& config, driver::Sink& sink,
                       driver::Result<std::unique_ptr<driver::Consumer>> done) override {
    inner_->create_consumer(config, sink, std::move(done));
  }
  void begin(std::string_view id, driver::Result<std::unique_ptr<driver::Transaction>> done) override {
    reach("driver: transaction asked for");
    inner_->begin(id, [done = std::move(done)](const Error* error, auto begun) mutable {
      if (error != nullptr) return done(error, nullptr);
      reach("driver: transaction begun");
      done(nullptr, std::make_unique<SteppedTransaction>(std::move(begun)));
    });
  }
  void create_subscription(const QueueName& queue, std::string_view subscription, Position position,
                           Completion done) override {
    inner_->create_subscription(queue, subscription, position, std::move(done));
  }
  void remove_subscription(const QueueName& queue, std::string_view subscription, Completion done) override {
    inner_->remove_subscription(queue, subscription, std::move(done));
  }
  void statistics(const QueueName& queue, driver::Result<driver::QueueStatistics> done) override {
    inner_->statistics(queue, std::move(done));
  }
  void close(TimePoint deadline, Completion done) override { inner_->close(deadline, std::move(done)); }

 private:
  std::unique_ptr<driver::Backend> inner_;
};

}  // namespace

std::span<const std::string_view> relay_steps() { return relaying; }
std::span<const std::string_view> sender_steps() { return sending; }

void die_at(std::string_view step, std::uint64_t nth) {
  if (!known(relaying, step) && !known(sending, step)) {
    throw ConfigError("there is no step '" + std::string(step) + "'");
  }
  armed = step;
  left = static_cast<std::int64_t>(nth);
}

void reach(std::string_view step) noexcept {
  if (step == armed && --left == 0) ::kill(::getpid(), SIGKILL);
}

Bus connect_with_steps(const std::string& url, BusOptions connection) {
  const auto open = [](const driver::BackendConfig& config, driver::Host& host) {
    return std::unique_ptr<driver::Backend>(std::make_unique<SteppedBackend>(backends::open(config, host)));
  };
  return connect_with(open, url, std::move(connection));
}

}  // namespace omnibus::conformance
