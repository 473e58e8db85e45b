#include "core/tests/fake_backend.hpp"

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace omnibus::fake {
namespace {

Error cut_error() {
  return {ErrorCode::unavailable, "the link was cut", {.retryable = true, .backend = "fake"}};
}
Error closed_error() { return {ErrorCode::closed, "closed", {.backend = "fake"}}; }

}  // namespace

class Producer final : public driver::Producer {
 public:
  Producer(std::shared_ptr<Broker> broker, driver::ProducerConfig config)
      : broker_(std::move(broker)), config_(std::move(config)) {}
  ~Producer() override {
    const std::lock_guard script(broker_->script_);
    const std::lock_guard lock(broker_->mutex_);
    broker_->producers_.erase(this);
  }

  void send(std::span<driver::SendRequest> batch) override {
    std::vector<std::pair<Completion, std::optional<Error>>> answers;
    {
      const std::lock_guard lock(broker_->mutex_);
      broker_->batches_.push_back(batch.size());
      for (auto& request : batch) {
        std::optional<Error> error;
        if (broken_ || broker_->down_) {
          broken_ = true;
          error = cut_error();
        } else if (broker_->on_send) {
          error = broker_->on_send(*request.message);
        }
        if (!error) broker_->store(config_.queue.str(), config_.name, *request.message);
        if (!error && broker_->hold_) {
          held_.push_back(std::move(request.done));
        } else {
          answers.emplace_back(std::move(request.done), error);
        }
      }
    }
    for (auto& [done, error] : answers) done(error ? &*error : nullptr);
    broker_->pump(config_.queue.str());
  }
  void flush(Completion done) override { done(nullptr); }
  void close(TimePoint, Completion done) override {
    finish(closed_error());
    bool hang = false;
    {
      const std::lock_guard lock(broker_->mutex_);
      hang = broker_->hang_closes_;
      broken_ = true;
    }
    if (!hang) done(nullptr);
  }
  void finish(std::optional<Error> error) {
    std::vector<Completion> held;
    {
      const std::lock_guard lock(broker_->mutex_);
      held.swap(held_);
      if (error) broken_ = true;
    }
    for (auto& done : held) done(error ? &*error : nullptr);
  }

  const std::shared_ptr<Broker> broker_;
  const driver::ProducerConfig config_;
  std::vector<Completion> held_;
  bool broken_ = false;
};

class Consumer final : public driver::Consumer {
 public:
  Consumer(std::shared_ptr<Broker> broker, driver::Host& host, driver::ConsumerConfig config,
           driver::Sink& sink)
      : broker_(std::move(broker)), host_(host), config_(std::move(config)), sink_(sink) {}
  ~Consumer() override {
    if (broker_->on_consumer_end) broker_->on_consumer_end();
    const std::lock_guard script(broker_->script_);
  }

  void request(std::size_t credit) override {
    {
      const std::lock_guard lock(broker_->mutex_);
      credit_ += credit;
    }
    if (broker_->on_request) broker_->on_request();
    broker_->pump(config_.queue.str());
  }
  void acknowledge(std::span<const driver::AckId> ids, Completion done) override {
    std::optional<Error> error;
    {
      const std::lock_guard lock(broker_->mutex_);
      if (broken_) error = broker_->down_ ? cut_error() : closed_error();
      if (!error && !broker_->ack_errors_.empty()) {
        error = broker_->ack_errors_.front();
        broker_->ack_errors_.pop_front();
        ids = {};
      }
      for (const auto& id : ids) {
        if (id.value[2] != link_) ++broker_->foreign_;
        if (broken_) break;
        auto& flight = subscription().in_flight;
        const auto found = flight.find(id.value[0]);
        if (found == flight.end()) continue;
        if (found->second.second != this || found->second.first.attempt != id.value[1]) {
          error = Error(ErrorCode::stale_ack, "held by another");
        } else {
          flight.erase(found);
        }
      }
      if (!error && broker_->hold_acks_) return held_.push_back(std::move(done));
    }
    done(error ? &*error : nullptr);
  }
  void finish_acks(std::optional<Error> error) {
    std::vector<Completion> held;
    {
      const std::lock_guard lock(broker_->mutex_);
      held.swap(held_);
    }
    for (auto& done : held) done(error ? &*error : nullptr);
  }
  void negative_acknowledge(std::span<const driver::AckId> ids, Duration delay, Completion done) override {
    std::optional<Error> error;
    {
      const std::lock_guard lock(broker_->mutex_);
      if (broken_) error = cut_error();
      if (!error && !broker_->nack_errors_.empty()) {
        error = broker_->nack_errors_.front();
        broker_->nack_errors_.pop_front();
      }
      for (const auto& id : ids) {
        if (id.value[2] != link_) ++broker_->foreign_;
        auto node = error ? decltype(subscription().in_flight)::node_type{}
                          : subscription().in_flight.extract(id.value[0]);
        if (node.empty()) continue;
        broker_->nack_delays_.push_back(delay);
        node.mapped().first.attempt++;
        host_.schedule(Clock::now() + delay,
                       [broker = broker_, queue = config_.queue.str(), name = config_.subscription,
                        stored = std::move(node.mapped().first)]() mutable {
                         {
                           const std::lock_guard relock(broker->mutex_);
                           broker->queues_[queue].subscriptions[name].ready.push_back(std::move(stored));
                         }
                         broker->pump(queue);
                       });
      }
    }
    done(error ? &*error : nullptr);
  }
  void unsubscribe(Completion done) override {
    {
      const std::lock_guard lock(broker_->mutex_);
      broker_->queues_[config_.queue.str()].subscriptions.erase(config_.subscription);
      broken_ = true;
    }
    done(nullptr);
  }
  void close(TimePoint, Completion done) override {
    detach();
    wait_quiet();
    finish_acks(closed_error());
    bool hang = false;
    {
      const std::lock_guard lock(broker_->mutex_);
      hang = broker_->hang_closes_;
    }
    broker_->pump(config_.queue.str());
    if (!hang) done(nullptr);
  }
  /// Gives back what is in flight.
  void detach() {
    const std::lock_guard lock(broker_->mutex_);
    broker_->consumers_.erase(this);
    broken_ = true;
    auto& all = broker_->queues_[config_.queue.str()].subscriptions;
    const auto found = all.find(config_.subscription);
    if (found == all.end()) return;
    auto& sub = found->second;
    std::erase(sub.consumers, this);
    for (auto it = sub.in_flight.begin(); it != sub.in_flight.end();) {
      if (it->second.second == this) {
        it->second.first.attempt++;
        sub.ready.push_front(std::move(it->second.first));
        it = sub.in_flight.erase(it);
      } else {
        ++it;
      }
    }
    std::sort(sub.ready.begin(), sub.ready.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    if (config_.options.lifetime == Lifetime::ephemeral && sub.consumers.empty()) all.erase(found);
  }
  void wait_quiet() {
    std::unique_lock lock(broker_->mutex_);
    quiet_.wait(lock, [&] { return delivering_ == nullptr || *delivering_ == std::this_thread::get_id(); });
  }
  Broker::Subscription& subscription() {
    return broker_->queues_[config_.queue.str()].subscriptions[config_.subscription];
  }

  const std::shared_ptr<Broker> broker_;
  driver::Host& host_;
  const driver::ConsumerConfig config_;
  driver::Sink& sink_;
  std::uint64_t link_ = 0;  ///< tells its deliveries from those of others
  std::vector<Completion> held_;
  std::size_t credit_ = 0;
  bool broken_ = false;
  std::unique_ptr<std::thread::id> delivering_;
  std::condition_variable quiet_;
};

/// Stores and settles at commit, all under one lock.
class Transaction final : public driver::Transaction {
 public:
  explicit Transaction(std::shared_ptr<Broker> broker) : broker_(std::move(broker)) {}

  void send(const QueueName& queue, const driver::Outgoing& message, Completion done) override {
    std::optional<Error> error;
    if (broker_->on_send) error = broker_->on_send(message);
    if (!error) sends_.emplace_back(queue.str(), message);
    done(error ? &*error : nullptr);
  }
  void acknowledge(driver::Consumer& consumer, std::span<const driver::AckId> ids, Completion done) override {
    for (const auto& id : ids) acks_.emplace_back(&dynamic_cast<Consumer&>(consumer), id);
    done(nullptr);
  }
  void commit(Completion done) override {
    std::optional<Error> error;
    {
      const std::lock_guard lock(broker_->mutex_);
      error = std::exchange(broker_->commit_error_, std::nullopt);
      for (const auto& [consumer, id] : acks_) {
        if (!consumer->subscription().in_flight.contains(id.value[0])) {
          error = Error(ErrorCode::stale_ack, "held by another");
        }
      }
      if (!error) apply();
    }
    for (const auto& [queue, message] : sends_) broker_->pump(queue);
    done(error ? &*error : nullptr);
  }
  void abort(Completion done) override { done(nullptr); }

 private:
  void apply() {
    for (auto& [queue, message] : sends_) {
      message.sequence = broker_->queues_[queue].last_sequence["transactions"] + 1;
      broker_->store(queue, "transactions", message);
    }
    for (const auto& [consumer, id] : acks_) consumer->subscription().in_flight.erase(id.value[0]);
  }

  const std::shared_ptr<Broker> broker_;
  std::vector<std::pair<std::string, driver::Outgoing>> sends_;
  std::vector<std::pair<Consumer*, driver::AckId>> acks_;
};

class FakeBackend final : public driver::Backend {
 public:
  FakeBackend(std::shared_ptr<Broker> broker, driver::Host& host) : broker_(std::move(broker)), host_(host) {}
  std::string_view name() const noexcept override { return "fake"; }
  const driver::Features& features() const noexcept override { return broker_->features; }

  void create_producer(const driver::ProducerConfig& config,
                       driver::Result<std::unique_ptr<driver::Producer>> done) override {
    auto producer = std::make_unique<Producer>(broker_, config);
    std::optional<Error> error;
    {
      const std::lock_guard lock(broker_->mutex_);
      if (broker_->hang_creates_)
        return hung_.push_back([last = std::move(done)]() mutable {
          const Error closed = closed_error();
          last(&closed, nullptr);
        });
      error = broker_->refusal();
      if (!error) broker_->producers_.insert(producer.get());
    }
    if (error) return done(&*error, nullptr);
    done(nullptr, std::move(producer));
  }
  void create_consumer(const driver::ConsumerConfig& config, driver::Sink& sink,
                       driver::Result<std::unique_ptr<driver::Consumer>> done) override {
    auto consumer = std::make_unique<Consumer>(broker_, host_, config, sink);
    std::optional<Error> error, lost;
    {
      const std::lock_guard lock(broker_->mutex_);
      if (broker_->hang_creates_)
        return hung_.push_back([last = std::move(done)]() mutable {
          const Error closed = closed_error();
          last(&closed, nullptr);
        });
      error = broker_->refusal();
      consumer->link_ = ++broker_->last_link_;
      if (!error && !broker_->link_errors_.empty()) {
        lost = broker_->link_errors_.front();
        broker_->link_errors_.pop_front();
      }
      auto& queue = broker_->queues_[config.queue.str()];
      if (!error) {
        const auto [entry, fresh] = queue.subscriptions.try_emplace(config.subscription);
        auto& sub = entry->second;
        if (fresh && config.options.position == Position::earliest) {
          sub.ready.assign(queue.log.begin(), queue.log.end());
        }
        if (config.options.sharing == Sharing::exclusive && !sub.consumers.empty()) {
          error = Error(ErrorCode::conflict, "another consumer holds it");
        } else {
          sub.config = config;
          sub.consumers.push_back(consumer.get());
          broker_->consumers_.insert(consumer.get());
        }
      }
    }
    if (error) return done(&*error, nullptr);
    if (broker_->recreates) sink.recreated();
    if (lost) sink.failed(*lost);
    done(nullptr, std::move(consumer));
  }
  void create_subscription(const QueueName& queue, std::string_view subscription, Position,
                           Completion done) override {
    std::optional<Error> error;
    {
      const std::lock_guard lock(broker_->mutex_);
      if (broker_->hang_creates_)
        return hung_.push_back([last = std::move(done)]() mutable {
          const Error closed = closed_error();
          last(&closed);
        });
      error = broker_->refusal();
      if (!error) broker_->queues_[queue.str()].subscriptions.try_emplace(std::string(subscription));
    }
    done(error ? &*error : nullptr);
  }
  void begin(std::string_view, driver::Result<std::unique_ptr<driver::Transaction>> done) override {
    std::optional<Error> error;
    {
      const std::lock_guard lock(broker_->mutex_);
      error = broker_->refusal();
    }
    if (error) return done(&*error, nullptr);
    done(nullptr, std::make_unique<Transaction>(broker_));
  }
  void close(TimePoint, Completion done) override {
    Broker::Work hung;
    {
      const std::lock_guard lock(broker_->mutex_);
      hung.swap(hung_);
    }
    Broker::run(std::move(hung));
    done(nullptr);
  }

 private:
  const std::shared_ptr<Broker> broker_;
  driver::Host& host_;
  Broker::Work hung_;  ///< guarded by the broker's mutex
};

Broker::Broker() {
  for (std::size_t i = 0; i < driver::feature_count; ++i) {
    features.set(static_cast<driver::Feature>(i), driver::Support::native);
  }
  features.set(driver::Feature::ack_after_reconnect, driver::Support::missing, "ids die with the link");
  features.set(driver::Feature::transactions, driver::Support::missing, "only where a test asks for them");
  features.max_message_size = 1u << 20;
}

BackendFactory Broker::factory() {
  return [self = shared_from_this()](const driver::BackendConfig&, driver::Host& host) {
    return std::make_unique<FakeBackend>(self, host);
  };
}

Bus Broker::connect(BusOptions options) {
  if (options.instance.empty()) options.instance = "test";
  return connect_with(factory(), "fake://", std::move(options));
}

void Broker::run(Work work) {
  for (auto& one : work) one();
}

std::optional<Error> Broker::refusal() {
  ++created_;
  if (down_) return cut_error();
  if (create_errors_.empty()) return std::nullopt;
  Error error = create_errors_.front();
  create_errors_.pop_front();
  return error;
}

void Broker::store(const std::string& queue, const std::string& producer, const driver::Outgoing& message) {
  auto& target = queues_[queue];
  auto& last = target.last_sequence[producer];
  if (message.sequence <= last) return;  // stored before
  last = message.sequence;
  target.log.push_back({++last_id_, message});
  for (auto& [name, sub] : target.subscriptions) sub.ready.push_back(target.log.back());
}

void Broker::pump(const std::string& queue) {
  for (;;) {
    Consumer* target = nullptr;
    std::vector<driver::Delivery> batch;
    {
      const std::lock_guard lock(mutex_);
      for (auto& [name, sub] : queues_[queue].subscriptions) {
        for (Consumer* consumer : sub.consumers) {
          if (consumer->broken_ || consumer->delivering_ || consumer->credit_ == 0 || sub.ready.empty())
            continue;
          std::size_t count = consumer->credit_ + overshoot;
          while (count-- > 0 && !sub.ready.empty()) {
            Stored stored = std::move(sub.ready.front());
            sub.ready.pop_front();
            if (consumer->credit_ > 0) --consumer->credit_;
            driver::Delivery delivery;
            delivery.body = driver::Body::from(stored.message.payload);
            delivery.properties = stored.message.properties;
            delivery.key = stored.message.key;
            delivery.ack.value = {stored.id, stored.attempt, consumer->link_};
            delivery.attempt = count_attempts ? stored.attempt : 0;
            delivery.message_id = std::to_string(stored.id);
            batch.push_back(std::move(delivery));
            sub.in_flight[stored.id] = {std::move(stored), consumer};
          }
          most_unacked_ = std::max(most_unacked_, sub.in_flight.size());
          target = consumer;
          target->delivering_ = std::make_unique<std::thread::id>(std::this_thread::get_id());
          break;
        }
        if (target != nullptr) break;
      }
    }
    if (target == nullptr) return;
    target->sink_.deliver(batch);
    const std::lock_guard lock(mutex_);
    target->delivering_.reset();
    target->quiet_.notify_all();
  }
}

void Broker::hold_confirms(bool hold) {
  const std::lock_guard script(script_);
  std::vector<Producer*> all;
  {
    const std::lock_guard lock(mutex_);
    hold_ = hold;
    if (!hold) all.assign(producers_.begin(), producers_.end());
  }
  for (auto* producer : all) producer->finish(std::nullopt);
}

void Broker::cut() {
  const std::lock_guard script(script_);
  std::vector<Producer*> producers;
  std::vector<Consumer*> consumers;
  {
    const std::lock_guard lock(mutex_);
    down_ = true;
    producers.assign(producers_.begin(), producers_.end());
    consumers.assign(consumers_.begin(), consumers_.end());
  }
  for (auto* producer : producers) producer->finish(cut_error());
  for (auto* consumer : consumers) {
    consumer->detach();
    consumer->wait_quiet();
    consumer->sink_.failed(cut_error());
  }
}

void Broker::cut_producers() {
  const std::lock_guard script(script_);
  std::vector<Producer*> producers;
  {
    const std::lock_guard lock(mutex_);
    producers.assign(producers_.begin(), producers_.end());
  }
  for (auto* producer : producers) producer->finish(cut_error());
}

void Broker::restore() {
  const std::lock_guard lock(mutex_);
  down_ = false;
}

void Broker::fail_next_create(Error error) {
  const std::lock_guard lock(mutex_);
  create_errors_.push_back(std::move(error));
}

void Broker::fail_next_ack(Error error) {
  const std::lock_guard lock(mutex_);
  ack_errors_.push_back(std::move(error));
}

void Broker::fail_next_nack(Error error) {
  const std::lock_guard lock(mutex_);
  nack_errors_.push_back(std::move(error));
}

void Broker::fail_next_commit(Error error) {
  const std::lock_guard lock(mutex_);
  commit_error_ = std::move(error);
}

void Broker::hold_acks(bool hold) {
  const std::lock_guard script(script_);
  std::vector<Consumer*> all;
  {
    const std::lock_guard lock(mutex_);
    hold_acks_ = hold;
    if (!hold) all.assign(consumers_.begin(), consumers_.end());
  }
  for (auto* consumer : all) consumer->finish_acks(std::nullopt);
}

void Broker::fail_next_link(Error error) {
  const std::lock_guard lock(mutex_);
  link_errors_.push_back(std::move(error));
}

void Broker::hang_creates(bool hang) {
  const std::lock_guard lock(mutex_);
  hang_creates_ = hang;
}

void Broker::hang_closes(bool hang) {
  const std::lock_guard lock(mutex_);
  hang_closes_ = hang;
}

std::vector<std::string> Broker::payloads(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& stored : queues_[queue].log) out.push_back(stored.message.payload);
  return out;
}

std::vector<std::uint64_t> Broker::sequences(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> out;
  for (const auto& stored : queues_[queue].log) out.push_back(stored.message.sequence);
  return out;
}

std::vector<std::size_t> Broker::batches() {
  const std::lock_guard lock(mutex_);
  return batches_;
}

std::vector<Duration> Broker::nack_delays() {
  const std::lock_guard lock(mutex_);
  return nack_delays_;
}

std::size_t Broker::unconfirmed() {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto* producer : producers_) count += producer->held_.size();
  return count;
}

std::size_t Broker::backlog(const std::string& queue, const std::string& subscription) {
  const std::lock_guard lock(mutex_);
  const auto& sub = queues_[queue].subscriptions[subscription];
  return sub.ready.size() + sub.in_flight.size();
}

bool Broker::has_subscription(const std::string& queue, const std::string& subscription) {
  const std::lock_guard lock(mutex_);
  return queues_[queue].subscriptions.contains(subscription);
}

std::map<std::string, driver::ConsumerConfig> Broker::subscriptions(const std::string& queue) {
  std::map<std::string, driver::ConsumerConfig> found;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, subscription] : queues_[queue].subscriptions) found[name] = subscription.config;
  return found;
}

bool Broker::has_consumer(const std::string& queue, const std::string& subscription) {
  const std::lock_guard lock(mutex_);
  const auto& all = queues_[queue].subscriptions;
  const auto found = all.find(subscription);
  return found != all.end() && !found->second.consumers.empty();
}

std::size_t Broker::created() {
  const std::lock_guard lock(mutex_);
  return created_;
}

std::size_t Broker::most_unacked() {
  const std::lock_guard lock(mutex_);
  return most_unacked_;
}

std::size_t Broker::foreign_settlings() {
  const std::lock_guard lock(mutex_);
  return foreign_;
}

}  // namespace omnibus::fake
