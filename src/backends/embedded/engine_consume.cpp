#include <algorithm>
#include <limits>

#include "backends/embedded/scratch.hpp"
#include "backends/embedded/section.hpp"
#include "backends/embedded/statistics.hpp"

namespace omnibus::embedded {
namespace {

Millis millis(Duration duration) {
  return std::max<Millis>(0, std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

std::string_view to_string(Sharing sharing) {
  switch (sharing) {
    case Sharing::shared:
      return "shared";
    case Sharing::exclusive:
      return "exclusive";
    case Sharing::failover:
      return "failover";
  }
  return "unknown";
}

}  // namespace

SubscriptionId Engine::ensure_subscription(QueueId id, std::string_view name, Position position,
                                           Lifetime lifetime, Duration expiry) {
  const auto* queue = state_.queue(id);
  if (const auto* known = state_.find_subscription(*queue, name); known != nullptr) return known->id;
  // What is over its age must not be seen because nobody happened to send since.
  commit(trim(state_, *queue->space, options_.limits, now_));
  const auto next = position == Position::earliest && !queue->best_effort ? 1 : queue->messages.last() + 1;
  const auto created = state_.next_subscription();
  commit_twice(record::CreateSubscription{created, id, next, lifetime, millis(expiry), std::string(name)});
  return created;
}

void Engine::check_attach(const Subscription& subscription, const driver::ConsumerConfig& config) const {
  if (subscription.consumers.empty()) return;
  const auto refuse = [&](const std::string& why, std::string hint) {
    throw Error(ErrorCode::conflict, why, {.backend = "embedded", .hint = std::move(hint)});
  };
  if (subscription.sharing != config.options.sharing) {
    refuse("its consumers are " + std::string(to_string(subscription.sharing)) + ", this one asks for " +
               std::string(to_string(config.options.sharing)),
           "use the same sharing mode");
  }
  if (subscription.sharing == Sharing::exclusive) {
    refuse("it has an exclusive consumer", "close the other consumer, or use shared or failover");
  }
}

PortPtr Engine::open_consumer(const driver::ConsumerConfig& config, driver::Sink& sink) {
  PortPtr port;
  const auto& options = config.options;
  if (config.queue.qos == Qos::best_effort) journal_->want_best_effort();
  std::shared_ptr<void> joined;
  if (const auto queue = inline_queue(config.queue)) joined = InlineQueue::join(queue);
  run([&](Aftermath&) {
    write_ends();  // it may be of an exclusive consumer
    const auto queue = ensure_queue(config.queue);
    auto id =
        ensure_subscription(queue, config.subscription, options.position, options.lifetime, options.expiry);
    // A process that has just died must not stand in the way.
    const auto before = state_.subscription(id)->consumers;
    reap(before);
    if (state_.subscription(id) == nullptr) {  // ephemeral, and gone with it
      id =
          ensure_subscription(queue, config.subscription, options.position, options.lifetime, options.expiry);
    }
    check_attach(*state_.subscription(id), config);
    const auto consumer = state_.next_consumer();
    port = std::make_shared<Port>(sink, consumer, id, std::max<std::size_t>(options.window, 1),
                                  config.queue.qos == Qos::best_effort);
    port->joined = std::move(joined);
    commit(record::Attach{consumer, id, journal_->self(), options.sharing, options.ordered_keys,
                          millis(options.ack_timeout)});
    ports_.emplace(consumer, port);
    locals_[id].ports.push_back(port);
  });
  return port;
}

void Engine::request(const PortPtr& port, std::size_t credit) {
  submit([&] { waiting_.requests.push_back({port, credit}); });
}

void Engine::take_requests(const Waiting& work) {
  for (const auto& [port, credit] : work.requests) {
    port->credit += std::min(credit, std::numeric_limits<std::size_t>::max() - port->credit);
    feed(port);
    if (port->hungry && may_have_messages(*port)) effects_.ready.push_back(port->subscription);
  }
}

bool Engine::may_have_messages(const Port& port) const {
  const auto* subscription = state_.subscription(port.subscription);
  return subscription == nullptr || subscription->backlog > subscription->in_flight;
}

std::optional<Error> Engine::find_held(const Port& port, std::span<const driver::AckId> ids,
                                       Held& held) const {
  std::size_t stale = 0;
  Sequence first_stale = 0;
  for (const auto& id : ids) {
    const auto subscription = static_cast<SubscriptionId>(id.value[0]);
    const auto sequence = id.value[1];
    const auto epoch = id.value[2];
    if (epoch == 0) continue;  // best effort
    auto hold = hold_of(state_, subscription, sequence, epoch);
    if (hold == Hold::settled && port.taken_back.contains(sequence, epoch)) hold = Hold::stale;
    if (hold == Hold::held) held.emplace_back(subscription, sequence);
    if (hold == Hold::stale && ++stale == 1) first_stale = sequence;
  }
  if (stale == 0) return std::nullopt;
  return Error(ErrorCode::stale_ack,
               std::to_string(stale) + " of " + std::to_string(ids.size()) +
                   " deliveries are no longer held, the first is message " + std::to_string(first_stale),
               {.backend = "embedded", .hint = "they were or will be delivered again"});
}

void Engine::acknowledge(const PortPtr& port, std::span<const driver::AckId> ids, Completion done) {
  if (port->best_effort) return done(nullptr);
  submit([&] {
    waiting_.ids.insert(waiting_.ids.end(), ids.begin(), ids.end());
    waiting_.acknowledgements.push_back({port, ids.size(), std::move(done), std::nullopt});
  });
}

void Engine::give_back(const PortPtr& port, std::span<const driver::AckId> ids, Duration delay,
                       Completion done) {
  if (port->best_effort) return done(nullptr);
  const auto when = delay <= Duration::zero() ? 0 : options_.now() + millis(delay);
  try {
    run([&](Aftermath& after) {
      held_.clear();
      auto error = find_held(*port, ids, held_);
      try {
        add_records(held_, [when](SubscriptionId id) { return record::Return{id, when, {}}; });
        commit(frame_);
      } catch (const Error& broken) {
        error = broken;
      }
      clear_frame();
      feed(port);
      if (error) {
        after.settled.push_back({std::move(done), std::move(error)});
      } else {
        after.confirmed.push_back(std::move(done));
      }
    });
  } catch (const Error& error) {
    if (done) done(&error);
  }
}

void Engine::forget(const PortPtr& port, Aftermath& after) {
  port->closed = true;
  port->joined.reset();
  port->outbox.clear();
  ports_.erase(port->id);
  const auto local = locals_.find(port->subscription);
  if (local != locals_.end()) {
    std::erase(local->second.ports, port);
    if (local->second.ports.empty()) locals_.erase(local);
  }
  after.ports->push_back(port);
}

void Engine::close(const PortPtr& port, Completion done) {
  const auto end = [&](Aftermath& after) {
    port->when_quiet.push_back(std::move(done));
    forget(port, after);
  };
  bool entered = false;
  try {
    run([&](Aftermath& after) {
      entered = true;
      end(after);
      if (state_.consumer(port->id) == nullptr) return;
      try {
        commit(record::Detach{port->id, now_});
      } catch (const Error&) {
        owe(record::Detach{port->id, now_}, after);
      }
    });
  } catch (const Error& error) {
    if (entered) return;
    Aftermath after;
    {
      const std::lock_guard lock(mutex_);
      end(after);
      if (error.code() != ErrorCode::closed) owe(record::Detach{port->id, options_.now()}, after);
      begin_pumping(after);
    }
    conclude(after);
  }
}

void Engine::unsubscribe(const PortPtr& port, Completion done) {
  try {
    run([&](Aftermath& after) {
      // It asked for this: its Sink is not told.
      port->failed = true;
      port->outbox.clear();
      commit_twice(record::RemoveSubscription{port->subscription});
      after.confirmed.push_back(std::move(done));
    });
  } catch (const Error& error) {
    if (done) done(&error);
  }
}

void Engine::create_subscription(const QueueName& name, std::string_view subscription, Position position) {
  run([&](Aftermath&) {
    // Best effort keeps nothing for a subscription without a consumer.
    if (name.qos != Qos::best_effort) {
      ensure_subscription(ensure_queue(name), subscription, position, Lifetime::durable, Duration::zero());
    }
  });
}

void Engine::remove_subscription(const QueueName& name, std::string_view subscription) {
  run([&](Aftermath&) {
    const auto* queue = state_.find_queue(store_name(name), name.qos == Qos::best_effort);
    const auto* known = queue == nullptr ? nullptr : state_.find_subscription(*queue, subscription);
    if (known != nullptr) commit_twice(record::RemoveSubscription{known->id});
  });
}

driver::QueueStatistics Engine::statistics(const QueueName& name) {
  driver::QueueStatistics result;
  run_outside([&](Aftermath&) {
    const auto* queue = state_.find_queue(store_name(name), name.qos == Qos::best_effort);
    if (queue != nullptr) result = statistics_of(state_, *queue, now_);
  });
  return result;
}

}  // namespace omnibus::embedded
