#include <algorithm>
#include <map>

#include "backends/embedded/message_format.hpp"
#include "backends/embedded/section.hpp"

namespace omnibus::embedded {

/// One transaction on its way into a frame. Under the lock, in the commit section.
class Engine::Transacting {
 public:
  Transacting(Engine& engine, const Transacted& work) : engine_(engine), work_(work) {}

  /// Errors: stale_ack, no_space; nothing has changed but queues that were new.
  std::vector<Record> records();

 private:
  void add(const Transacted::Output& output, Millis now);
  void add(const Transacted::Acknowledged& acknowledged);

  Engine& engine_;
  const Transacted& work_;
  std::map<QueueId, Sequence> last_;
  std::map<const Space*, std::uint64_t> added_;
  std::map<SubscriptionId, std::vector<Sequence>> held_;
  std::vector<Record> records_;
};

std::vector<Record> Engine::Transacting::records() {
  const auto now = engine_.now_;
  for (const auto& acknowledged : work_.acknowledged) add(acknowledged);
  for (const auto& output : work_.outputs) {
    if (output.queue.qos != Qos::best_effort) add(output, now);
  }
  for (auto& [subscription, sequences] : held_) {
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    records_.emplace_back(record::Acknowledge{subscription, std::move(sequences)});
  }
  return std::move(records_);
}

void Engine::Transacting::add(const Transacted::Acknowledged& acknowledged) {
  for (const auto& id : acknowledged.ids) {
    const auto subscription = static_cast<SubscriptionId>(id.value[0]);
    const auto sequence = id.value[1];
    const auto epoch = id.value[2];
    if (epoch == 0) continue;  // best effort
    if (hold_of(engine_.state_, subscription, sequence, epoch) != Hold::held) {
      throw Error(
          ErrorCode::stale_ack, "message " + std::to_string(sequence) + " is no longer held by this consumer",
          {.backend = "embedded", .hint = "it was or will be delivered again; nothing was committed"});
    }
    held_[subscription].push_back(sequence);
  }
}

void Engine::Transacting::add(const Transacted::Output& output, Millis now) {
  const auto id = engine_.ensure_queue(output.queue);
  const auto& queue = *engine_.state_.queue(id);
  auto& added = added_[queue.space];
  if (const auto error = engine_.over_limit(queue, added, output.cost)) error->raise();
  added += output.cost;
  auto& last = last_.try_emplace(id, queue.messages.last()).first->second;
  records_.emplace_back(record::Publish{id, ++last, 0, 0, now, visible_at(now, output.delay), output.key_hash,
                                        output.cost, output.content});
}

Engine::Transacted::Output Engine::keep(const QueueName& queue, const driver::Outgoing& message, bool apart) {
  const Gate::Pass pass(gate_);
  if (!pass) throw_closed();
  const bool best_effort = queue.qos == Qos::best_effort;
  if (best_effort) journal_->want_best_effort();
  return {queue, journal_->store(message, best_effort, apart && !best_effort), cost_of(message),
          message.delay, key_hash(message.key)};
}

void Engine::transact(Transacted work, Completion done) {
  bool committed = false;
  try {
    run([&](Aftermath& after) {
      auto records = Transacting(*this, work).records();
      commit(std::move(records));
      committed = true;
      for (const auto& acknowledged : work.acknowledged) feed(acknowledged.port);
      after.confirmed.push_back(std::move(done));
    });
  } catch (const Error& error) {
    if (!committed) abandon(work);
    if (done) done(&error);
    return;
  }
  publish_after(work);
}

/// The best-effort outputs of a transaction that has happened.
void Engine::publish_after(const Transacted& work) {
  std::vector<const Transacted::Output*> outputs;
  for (const auto& output : work.outputs) {
    if (output.queue.qos == Qos::best_effort) outputs.push_back(&output);
  }
  if (outputs.empty()) return;
  for (const auto* output : outputs) {
    const auto queue = inline_queue(output->queue);
    if (!queue) continue;
    driver::Delivery delivery;
    journal_->load(output->content, true, delivery);
    InlineQueue::View view;
    queue->deliver(view, {delivery.body.bytes(), delivery.properties, delivery.key});
  }
  try {
    std::vector<QueueId> queues;
    run([&](Aftermath&) {
      for (const auto* output : outputs) queues.push_back(ensure_queue(output->queue));
    });
    run_outside([&](Aftermath&) {
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto& output = *outputs[i];
        commit(record::Publish{queues[i], state_.queue(queues[i])->messages.last() + 1, 0, 0, now_,
                               visible_at(now_, output.delay), output.key_hash, output.cost, output.content});
      }
    });
  } catch (const Error& error) {
    log::write(log::Level::warning,
               std::string("best-effort messages of a transaction were lost: ") + error.what());
  }
}

void Engine::abandon(const Transacted& work) noexcept {
  const Gate::Pass pass(gate_);
  if (!pass) return;  // the next opening finds their files
  for (const auto& output : work.outputs) {
    if (output.content.blob != 0 && output.queue.qos != Qos::best_effort) {
      journal_->discard_blob(output.content.blob, 0);
    }
  }
}

}  // namespace omnibus::embedded
