#include "backends/embedded/engine.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <omnibus/log.hpp>

#include "backends/embedded/scratch.hpp"
#include "backends/embedded/section.hpp"

namespace omnibus::embedded {
namespace {

constexpr std::size_t most_per_lease = 64;
constexpr Millis retry_delay = 250;
constexpr Millis unreadable_delay = 60'000;

}  // namespace

Engine::Engine(std::unique_ptr<Journal> journal, EngineOptions options)
    : journal_(std::move(journal)),
      options_(std::move(options)),
      alarm_(std::make_shared<Alarm>()),
      state_(journal_->self()) {}

void Engine::add_host(driver::Host& host) {
  alarm_->add(host, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ring();
  });
}
void Engine::remove_host(driver::Host& host) { alarm_->remove(host); }

void Engine::commit(Record record) { journal_->commit(state_, {&record, 1}, effects_); }
void Engine::commit(std::span<Record> records) {
  if (!records.empty()) journal_->commit(state_, records, effects_);
}

std::vector<Sequence> Engine::borrow_sequences() {
  std::vector<Sequence> memory;
  if (!spare_sequences_.empty()) {
    memory = std::move(spare_sequences_.back());
    spare_sequences_.pop_back();
  }
  return memory;
}

void Engine::keep_sequences(std::vector<Sequence> memory) {
  constexpr std::size_t most_kept = 4, most_capacity = 4096;
  if (spare_sequences_.size() == most_kept || memory.capacity() > most_capacity) return;
  memory.clear();
  spare_sequences_.push_back(std::move(memory));
}

void Engine::clear_frame() {
  for (auto& record : frame_) {
    if (auto* acknowledge = std::get_if<record::Acknowledge>(&record)) {
      keep_sequences(std::move(acknowledge->sequences));
    }
  }
  frame_.clear();
}

/// In one commit section: nothing that others do comes between the two.
void Engine::commit_twice(const Record& record) {
  commit(record);
  if (journal_->fleeting()) return;  // in memory nothing is read again
  try {
    commit(record);
  } catch (const Error& error) {
    // It has happened. To fail now would be wrong, and to try again could not be told from a second time.
    log::write(log::Level::warning, std::string("a second copy could not be written: ") + error.what());
  }
}

void Engine::distribute(Aftermath& after) {
  while (true) {
    take_effects(after);
    ready_.swap(effects_.ready);
    timed_.swap(effects_.timed);
    if (ready_.empty() && timed_.empty()) break;
    std::sort(ready_.begin(), ready_.end());
    ready_.erase(std::unique(ready_.begin(), ready_.end()), ready_.end());
    for (const auto id : ready_) {
      if (!may_hand_out(id, after)) continue;
      try {
        hand_out(id, after);
      } catch (const Error& error) {
        log::write(log::Level::warning,
                   std::string("cannot hand out messages, trying again: ") + error.what());
        retry_later(id, after);
      }
    }
    for (const auto id : ready_) watch_time(id, after);
    for (const auto id : timed_) watch_time(id, after);
    ready_.clear();
    timed_.clear();
  }
  if (journal_->entered()) trim_grown();
  effects_.grown.clear();
  after.blobs.insert(after.blobs.end(), effects_.blobs.begin(), effects_.blobs.end());
  effects_.blobs.clear();
  after.mark = journal_->mark();
  begin_pumping(after);
}

bool Engine::may_hand_out(SubscriptionId id, Aftermath& after) {
  const auto local = locals_.find(id);
  if (local == locals_.end() || local->second.hungry.empty()) return false;
  if (journal_->entered() || local->second.ports.front()->best_effort) return true;
  after.postponed.push_back(id);
  return false;
}

void Engine::take_effects(Aftermath& after) {
  for (const auto& [subscription, count] : effects_.dropped) {
    const auto local = locals_.find(subscription);
    if (local == locals_.end() || local->second.ports.empty()) continue;
    local->second.ports.front()->dropped += count;
    after.ports->push_back(local->second.ports.front());
  }
  if (const auto missed = std::exchange(effects_.missed, 0); missed > 0) {
    // Nobody knows any more whom they were for: each count is the most that it may have been.
    for (const auto& [id, port] : ports_) {
      if (!port->best_effort) continue;
      port->dropped += missed;
      after.ports->push_back(port);
    }
  }
  for (const auto& [consumer, sequence, epoch] : effects_.revoked) {
    const auto port = ports_.find(consumer);
    if (port == ports_.end()) continue;
    port->second->taken_back.add(sequence, epoch);
    feed(port->second);
  }
  for (const auto consumer : effects_.orphaned) {
    const auto found = ports_.find(consumer);
    if (found == ports_.end() || found->second->closed) continue;
    auto& port = *found->second;
    if (!std::exchange(port.failed, true)) {
      port.failure = Error(ErrorCode::not_found, "the subscription was removed by another client",
                           {.retryable = true, .backend = "embedded"});
    }
    port.outbox.clear();
    after.ports->push_back(found->second);
  }
  effects_.dropped.clear();
  effects_.revoked.clear();
  effects_.orphaned.clear();
}

std::size_t Engine::room(const Port& port) const {
  if (port.closed || port.failed || port.credit == 0) return 0;
  const auto* consumer = state_.consumer(port.id);
  if (consumer == nullptr) return 0;
  if (port.best_effort) return port.credit;
  if (consumer->held >= port.window) return 0;
  return std::min(port.credit, port.window - consumer->held);
}

void Engine::feed(const PortPtr& port) {
  if (port->hungry || room(*port) == 0) return;
  port->hungry = true;
  locals_[port->subscription].hungry.push_back(port);
}

void Engine::hand_out(SubscriptionId id, Aftermath& after) {
  const auto local = locals_.find(id);
  if (local == locals_.end()) return;
  auto& hungry = local->second.hungry;
  for (std::size_t useless = 0; useless < hungry.size();) {
    const auto* subscription = state_.subscription(id);
    if (subscription == nullptr) return;
    const auto port = hungry.front();
    hungry.pop_front();
    const auto space = room(*port);
    if (space == 0) {
      port->hungry = false;
      continue;
    }
    hungry.push_back(port);
    if (subscription->sharing != Sharing::shared && subscription->consumers.front() != port->id) {
      ++useless;
      continue;
    }
    const auto waiting = subscription->backlog - std::min(subscription->backlog, subscription->in_flight);
    const auto share = std::clamp<std::size_t>(waiting / hungry.size(), 1, most_per_lease);
    if (!serve(*subscription, port, std::min(share, space), after)) {
      // It keeps its turn.
      hungry.pop_back();
      hungry.push_front(port);
      return;
    }
    useless = 0;
  }
}

bool Engine::serve(const Subscription& subscription, const PortPtr& port, std::size_t most,
                   Aftermath& after) {
  auto memory = borrow_sequences();
  auto lease = next_lease(state_, subscription, port->id, most, now_, &memory);
  if (!lease) {
    keep_sequences(std::move(memory));
    return false;
  }
  const auto& messages = state_.queue(subscription.queue)->messages;
  Scratch<Handover> items;
  items->reserve(lease->sequences.size());
  for (const auto sequence : lease->sequences) {
    const auto* message = messages.find(sequence);
    const auto* known = subscription.outstanding.find(sequence);
    const auto before = known == nullptr ? 0 : known->attempts;
    items->push_back(
        {message->content, sequence, port->best_effort ? 0 : lease->epoch, message->time, before + 1});
  }
  Record record(std::move(*lease));
  commit(std::span(&record, 1));
  keep_sequences(std::move(std::get<record::Lease>(record).sequences));
  if (!port->best_effort) leave_out_lost(subscription, *items);
  port->credit -= items->size();
  std::move(items->begin(), items->end(), std::back_inserter(port->outbox));
  if (after.ports->empty() || after.ports->back() != port) after.ports->push_back(port);
  return true;
}

void Engine::watch_time(SubscriptionId id, Aftermath& after) {
  const auto* subscription = state_.subscription(id);
  if (subscription == nullptr) {
    earliest_.erase(id);
    return;
  }
  const auto due = next_due(*subscription, now_);
  if (!due) return;
  const auto known = earliest_.find(id);
  if (known != earliest_.end() && known->second <= *due) return;
  earliest_[id] = *due;
  dues_.emplace(*due, id);
  if (!after.alarm || *due < *after.alarm) after.alarm = due;
}

void Engine::retry_later(SubscriptionId id, Aftermath& after) {
  const auto due = options_.now() + retry_delay;
  dues_.emplace(due, id);
  ring_at(due, after);
}

void Engine::ring_at(Millis due, Aftermath& after) {
  if (!after.alarm || due < *after.alarm) after.alarm = due;
}

void Engine::owe(Record end, Aftermath& after) {
  owed_.push_back(std::move(end));
  ring_at(options_.now() + retry_delay, after);
}

void Engine::write_ends() {
  const auto is_ours = [this](const auto* known) {
    return known != nullptr && known->owner == journal_->self();
  };
  for (; !owed_.empty(); owed_.pop_back()) {
    const auto& end = owed_.back();
    const auto* producer = std::get_if<record::CloseProducer>(&end);
    const auto* consumer = std::get_if<record::Detach>(&end);
    if ((producer != nullptr && is_ours(state_.producer(producer->id))) ||
        (consumer != nullptr && is_ours(state_.consumer(consumer->consumer)))) {
      commit(end);
    }
  }
}

void Engine::write_ends_or_later(Aftermath& after) noexcept {
  try {
    write_ends();
  } catch (const std::exception&) {
    ring_at(now_ + retry_delay, after);
  }
}

void Engine::trim_grown() {
  if (effects_.grown.empty()) return;
  Scratch<Space*> grown;
  grown->swap(effects_.grown);
  std::sort(grown->begin(), grown->end());
  grown->erase(std::unique(grown->begin(), grown->end()), grown->end());
  for (const auto* space : *grown) {
    try {
      commit(trim(state_, *space, options_.limits, now_));
    } catch (const Error& error) {
      log::write(log::Level::warning, std::string("cannot trim the history: ") + error.what());
    }
  }
}

void Engine::conclude(Aftermath& after) {
  if (after.alarm) {
    const auto wait = std::max<Millis>(*after.alarm - options_.now(), 0) + 1;
    alarm_->arm(deadline_after(std::chrono::milliseconds(wait)));
  }
  for (const auto blob : after.blobs) journal_->discard_blob(blob, after.mark);
  for (const auto& port : *after.ports) drain(port);
  complete_served(after);
  for (auto& [done, error] : after.settled) done(error ? &*error : nullptr);
  if (after.confirmed.empty()) return;
  if (after.confirmed.size() == 1) {
    journal_->confirm(after.mark, std::move(after.confirmed.front()));
    return;
  }
  journal_->confirm(after.mark, [all = std::move(after.confirmed)](const Error* error) mutable {
    for (auto& done : all) done(error);
  });
}

/// Takes what the port's Sink is to be told next; false when there is nothing.
bool Engine::take_out(Port& port) {
  if (port.closed || (port.outbox.empty() && port.dropped == 0 && !port.failure)) return false;
  port.pumped.swap(port.outbox);
  port.pumped_dropped = std::exchange(port.dropped, 0);
  port.pumped_failure = std::exchange(port.failure, std::nullopt);
  return true;
}

/// Leaves those ports that this thread has to drain().
void Engine::begin_pumping(Aftermath& after) {
  std::erase_if(*after.ports, [](const PortPtr& port) {
    if (port->pumping || (!take_out(*port) && !port->closed)) return true;
    port->pumping = true;
    return false;
  });
}

void Engine::drain(const PortPtr& port) {
  Scratch<driver::Delivery> batch;
  std::unique_lock lock(mutex_, std::defer_lock);
  do {
    if (lock) lock.unlock();
    batch->clear();
    batch->reserve(port->pumped.size());
    for (const auto& item : port->pumped) load(port, item, *batch);
    port->pumped.clear();
    if (!batch->empty()) port->sink.deliver(*batch);
    if (const auto dropped = std::exchange(port->pumped_dropped, 0); dropped > 0) port->sink.dropped(dropped);
    if (const auto failure = std::exchange(port->pumped_failure, std::nullopt)) port->sink.failed(*failure);
    lock.lock();
  } while (take_out(*port));
  port->pumping = false;
  if (!port->closed) return;
  auto quiet = std::exchange(port->when_quiet, {});
  lock.unlock();
  for (auto& done : quiet) done(nullptr);
}

void Engine::load(const PortPtr& port, const Handover& item, std::vector<driver::Delivery>& batch) {
  driver::Delivery delivery;
  delivery.ack.value = {item.epoch == 0 ? 0 : port->subscription, item.sequence, item.epoch};
  delivery.attempt = item.attempt;
  delivery.publish_time = SystemTime(std::chrono::milliseconds(item.time));
  delivery.message_id = std::to_string(item.sequence);
  try {
    journal_->load(item.content, port->best_effort, delivery);
  } catch (const Error& error) {
    log::write(log::Level::error,
               "message " + delivery.message_id + " cannot be read and is not delivered: " + error.what());
    if (item.epoch != 0) {
      give_back(port, {&delivery.ack, 1}, std::chrono::milliseconds(unreadable_delay), [](const Error*) {});
    }
    request(port, 1);
    return;
  }
  batch.push_back(std::move(delivery));
}

bool Engine::tries_again(std::string_view what, const Error& error) {
  if (error.code() == ErrorCode::closed) return false;
  log::write(log::Level::warning, "cannot " + std::string(what) + ", trying again: " + error.what());
  return true;
}

void Engine::ring() {
  try {
    run([this](Aftermath& after) {
      while (!dues_.empty() && dues_.top().first <= now_) {
        const auto [due, id] = dues_.top();
        dues_.pop();
        if (const auto known = earliest_.find(id); known != earliest_.end() && known->second == due) {
          earliest_.erase(known);
        }
        effects_.ready.push_back(id);
        if (const auto* subscription = state_.subscription(id); subscription != nullptr) {
          commit(overdue(*subscription, now_));
        }
      }
      if (!dues_.empty()) ring_at(dues_.top().first, after);
    });
  } catch (const Error& error) {
    if (tries_again("act on time", error))
      alarm_->arm(deadline_after(std::chrono::milliseconds(retry_delay)));
  }
}

void Engine::hand_out_later(std::span<const SubscriptionId> subscriptions) {
  Aftermath after;
  {
    const std::lock_guard lock(mutex_);
    for (const auto id : subscriptions) retry_later(id, after);
  }
  conclude(after);
}

void Engine::follow() {
  try {
    run_outside([](Aftermath&) {});
  } catch (const Error& error) {
    if (tries_again("follow the store", error))
      alarm_->arm(deadline_after(std::chrono::milliseconds(retry_delay)));
  }
}

Journal::Listener Engine::listener() {
  const auto weak = weak_from_this();
  const auto with_self = [weak](auto&& call) {
    if (const auto self = weak.lock()) call(*self);
  };
  return {.changed = [with_self] { with_self([](Engine& self) { self.follow(); }); },
          .gone = [with_self](OwnerId owner) { with_self([&](Engine& self) { self.remove_dead(owner); }); },
          .tidy = [with_self] { with_self([](Engine& self) { self.tidy(); }); },
          .look =
              [with_self](const std::function<void(const State&)>& look) {
                with_self([&](Engine& self) {
                  const std::lock_guard lock(self.mutex_);
                  look(self.state_);
                });
              },
          .move =
              [with_self](std::span<const Stored> messages, std::uint64_t last, const Reread& read) {
                std::size_t lost = 0;
                with_self([&](Engine& self) { lost = self.copy_forward(messages, last, read); });
                return lost;
              }};
}

/// Drops what is older than the retention allows where nothing is sent that would.
void Engine::tidy() {
  if (options_.limits.retention_time == 0) return;
  run([this](Aftermath&) {
    for (const auto& [id, queue] : state_.queues()) {
      if (!queue.space->history.empty()) effects_.grown.push_back(queue.space);
    }
  });
}

void Engine::start() {
  std::set<OwnerId> owners;
  {
    const std::lock_guard lock(mutex_);
    journal_->restore(state_, effects_);
    for (const auto& [id, consumer] : state_.consumers()) owners.insert(consumer.owner);
    for (const auto& [id, producer] : state_.producers()) owners.insert(producer.owner);
    effects_ = {};
  }
  journal_->start(listener());
  for (const auto owner : owners) {
    if (owner != 0 && owner != journal_->self() && !journal_->alive(owner)) remove_dead(owner);
  }
  run_outside([this](Aftermath&) {
    for (const auto& [id, subscription] : state_.subscriptions()) effects_.timed.push_back(id);
  });
}

void Engine::remove_dead(OwnerId owner) {
  try {
    run([&](Aftermath&) {
      const auto owned = [owner](const auto& entry) { return entry.second.owner == owner; };
      const auto& consumers = state_.consumers();
      const auto& producers = state_.producers();
      if (std::any_of(consumers.begin(), consumers.end(), owned) ||
          std::any_of(producers.begin(), producers.end(), owned)) {
        commit(record::Leave{owner, now_});
      }
    });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::closed) return;
    log::write(log::Level::warning, std::string("cannot release what a dead process held: ") + error.what());
  }
}

void Engine::reap(std::span<const ConsumerId> consumers) {
  std::set<OwnerId> dead;
  for (const auto id : consumers) {
    const auto* consumer = state_.consumer(id);
    if (consumer != nullptr && !journal_->alive(consumer->owner)) dead.insert(consumer->owner);
  }
  for (const auto owner : dead) commit(record::Leave{owner, now_});
}

void Engine::stop() noexcept {
  try {
    run([&](Aftermath& after) {
      for (auto ports = std::exchange(ports_, {}); const auto& [id, port] : ports) forget(port, after);
      commit(record::Leave{journal_->self(), now_});
    });
  } catch (const std::exception& error) {
    log::write(log::Level::warning,
               std::string("the end of this process could not be noted: ") + error.what());
  }
  gate_.close();
  journal_->stop();
}

void Engine::throw_closed() { throw ClosedError("the Bus is closed"); }

}  // namespace omnibus::embedded
