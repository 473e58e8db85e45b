#include <algorithm>
#include <iterator>

#include "backends/embedded/message_format.hpp"
#include "backends/embedded/scratch.hpp"
#include "backends/embedded/section.hpp"

namespace omnibus::embedded {
namespace {

Error too_large(std::size_t size) {
  return {ErrorCode::too_large,
          "message of " + std::to_string(size) + " bytes is over the limit of " +
              std::to_string(max_message_size),
          {.backend = "embedded", .hint = "send it in parts"}};
}

}  // namespace

std::optional<Error> Engine::over_limit(const Queue& queue, std::uint64_t added, std::uint64_t bytes) const {
  const auto limit = options_.limits.hard_limit;
  const auto waiting = queue.space->pending_bytes + added;
  if (limit == 0 || queue.best_effort || queue.subscriptions.empty() || waiting + bytes <= limit) {
    return std::nullopt;
  }
  return Error(ErrorCode::no_space,
               "subscriptions of namespace " + queue.space->name + " hold " + std::to_string(waiting) +
                   " unacknowledged bytes, the hard limit is " + std::to_string(limit),
               {.retryable = true,
                .backend = "embedded",
                .hint = "let consumers catch up, remove unused subscriptions or raise hard_limit"});
}

std::string store_name(const QueueName& queue) { return queue.tenant + '/' + queue.space + '/' + queue.name; }

QueueId Engine::ensure_queue(const QueueName& name) {
  const bool best_effort = name.qos == Qos::best_effort;
  auto stored = store_name(name);
  if (const auto* known = state_.find_queue(stored, best_effort); known != nullptr) return known->id;
  const auto id = state_.next_queue();
  commit_twice(record::CreateQueue{id, best_effort, std::move(stored), name.tenant + '/' + name.space});
  return id;
}

std::shared_ptr<InlineQueue> Engine::inline_queue(const QueueName& queue) {
  if (queue.qos != Qos::best_effort || !journal_->fleeting()) return nullptr;
  return inline_queues_.of(store_name(queue));
}

ProducerId Engine::open_producer(const driver::ProducerConfig& config) {
  ProducerId id = 0;
  if (config.queue.qos == Qos::best_effort) journal_->want_best_effort();
  run([&](Aftermath&) {
    write_ends();  // it may be of this very name
    const auto queue = ensure_queue(config.queue);
    const auto& names = state_.queue(queue)->producers;
    const auto known = names.find(config.name);
    const auto owner = known == names.end() ? 0 : state_.producer(known->second)->owner;
    if (owner != 0 && journal_->alive(owner)) {
      throw Error(ErrorCode::conflict,
                  "producer name '" + config.name + "' is in use on " + config.queue.str(),
                  {.backend = "embedded", .hint = "close the other producer or choose another name"});
    }
    id = known != names.end() ? known->second : state_.next_producer();
    commit_twice(record::OpenProducer{id, queue, journal_->self(), config.named_by_user, config.name});
  });
  return id;
}

void Engine::close_producer(ProducerId id) {
  try {
    run([&](Aftermath&) { commit(record::CloseProducer{id}); });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::closed) throw;  // it ends with the opening
    Aftermath after;
    {
      const std::lock_guard lock(mutex_);
      owe(record::CloseProducer{id}, after);
    }
    conclude(after);
    throw;
  }
}

void Engine::flush(Completion done) {
  try {
    run([&](Aftermath& after) { after.confirmed.push_back(std::move(done)); });
  } catch (const Error& error) {
    if (done) done(&error);
  }
}

void Engine::publish(const OutletPtr& outlet, std::span<driver::SendRequest> batch) {
  const Gate::Pass pass(gate_);
  if (!pass) {
    const ClosedError closed("the Bus is closed");
    for (auto& request : batch) request.done(&closed);
    return;
  }
  Scratch<Waiting::Send> sends;
  sends->reserve(batch.size());
  for (auto& [message, done] : batch) {
    auto& send = sends->emplace_back(Waiting::Send{outlet, message, std::move(done), {}, {}});
    try {
      if (message->payload.size() > max_message_size) throw too_large(message->payload.size());
      send.content = journal_->prepare(*message, outlet->best_effort);
    } catch (const Error& error) {
      send.error = error;
    }
  }
  outlet->begin(batch.size());
  submit([&] {
    auto& waiting = outlet->best_effort ? waiting_.best_effort : waiting_.sends;
    waiting.insert(waiting.end(), std::make_move_iterator(sends->begin()),
                   std::make_move_iterator(sends->end()));
  });
}

}  // namespace omnibus::embedded
