#include <algorithm>

#include "backends/embedded/message_format.hpp"
#include "backends/embedded/scratch.hpp"
#include "backends/embedded/section.hpp"

namespace omnibus::embedded {
namespace {

/// One frame holds about so much, so that others wait for the commit section only shortly.
constexpr std::size_t frame_bytes = std::size_t{64} << 10;
Error too_large(std::size_t size) {
  return {ErrorCode::too_large,
          "message of " + std::to_string(size) + " bytes is over the limit of " +
              std::to_string(max_message_size),
          {.backend = "embedded", .hint = "send it in parts"}};
}

}  // namespace

/// The requests of one call on their way into frames.
class Engine::Publishing {
 public:
  Publishing(Engine& engine, bool best_effort, std::span<driver::SendRequest> batch);

  /// Under the lock, in the commit section.
  void decide(ProducerId id);
  /// Everything that is not decided fails with `error`.
  void fail(const Error& error);
  void finish(Aftermath& after);

 private:
  struct Request {
    const driver::Outgoing* message = nullptr;
    Completion done;
    Content content;
    std::optional<Error> error = std::nullopt;
    bool stored = false;
  };

  void write();

  Engine& engine_;
  const bool best_effort_;
  Scratch<Request> requests_;
  Scratch<Record> frame_;
  Scratch<Request*> in_frame_;
  std::size_t filled_ = 0;
  std::uint64_t added_ = 0;      ///< bytes in frame_, towards limits
  std::optional<Error> broken_;  ///< what failed first: those behind it must not overtake, they fail too
};

Engine::Publishing::Publishing(Engine& engine, bool best_effort, std::span<driver::SendRequest> batch)
    : engine_(engine), best_effort_(best_effort) {
  requests_->reserve(batch.size());
  for (auto& [message, done] : batch) {
    auto& request = requests_->emplace_back(Request{message, std::move(done), {}});
    try {
      if (message->payload.size() > max_message_size) throw too_large(message->payload.size());
      request.content = engine_.journal_->store(*message, best_effort);
    } catch (const Error& error) {
      request.error = error;
    }
  }
}

void Engine::Publishing::fail(const Error& error) {
  for (auto& request : *requests_) {
    if (!request.error) request.error = error;
  }
}

void Engine::Publishing::finish(Aftermath& after) {
  for (auto& request : *requests_) {
    if (!request.stored && !best_effort_ && request.content.blob != 0)
      after.blobs.push_back(request.content.blob);
    if (request.error || best_effort_) {
      after.settled.push_back({std::move(request.done), std::move(request.error)});
    } else {
      after.confirmed.push_back(std::move(request.done));
    }
  }
}

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

void Engine::Publishing::write() {
  if (frame_->empty()) return;
  try {
    engine_.commit(std::span(*frame_));
    for (auto* request : *in_frame_) request->stored = true;
  } catch (const Error& error) {
    for (auto* request : *in_frame_) request->error = error;
    broken_ = error;
  }
  frame_->clear();
  in_frame_->clear();
  filled_ = 0;
  added_ = 0;
}

void Engine::Publishing::decide(ProducerId id) {
  const auto* producer = engine_.state_.producer(id);
  const auto* queue = producer == nullptr ? nullptr : engine_.state_.queue(producer->queue);
  if (queue == nullptr) {
    return fail(Error(ErrorCode::closed, "the producer is closed", {.backend = "embedded"}));
  }
  const auto now = engine_.now_;
  auto last = producer->last;
  for (auto& request : *requests_) {
    if (request.error) continue;
    const auto& message = *request.message;
    if (message.sequence != 0 && message.sequence <= last) continue;  // stored before: only confirmed
    if (filled_ > 0 && filled_ + request.content.size > frame_bytes) write();
    const auto bytes = cost_of(message);
    if (!broken_) broken_ = engine_.over_limit(*queue, added_, bytes);
    if (broken_) {
      request.error = broken_;
      continue;
    }
    last = std::max(last, message.sequence);
    added_ += bytes;
    filled_ += request.content.size;
    const auto sequence = queue->messages.last() + 1 + frame_->size();
    in_frame_->push_back(&request);
    frame_->emplace_back(record::Publish{queue->id, sequence, id, message.sequence, now,
                                         visible_at(now, message.delay), key_hash(message.key), bytes,
                                         request.content});
  }
  write();
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

ProducerId Engine::open_producer(const driver::ProducerConfig& config) {
  ProducerId id = 0;
  if (config.queue.qos == Qos::best_effort) journal_->want_best_effort();
  run([&](Aftermath&) {
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
  run([&](Aftermath&) { commit(record::CloseProducer{id}); });
}

void Engine::flush(Completion done) {
  try {
    run([&](Aftermath& after) { after.confirmed.push_back(std::move(done)); });
  } catch (const Error& error) {
    if (done) done(&error);
  }
}

void Engine::publish(ProducerId producer, bool best_effort, std::span<driver::SendRequest> batch) {
  const Gate::Pass pass(gate_);
  if (!pass) {
    const ClosedError closed("the Bus is closed");
    for (auto& request : batch) request.done(&closed);
    return;
  }
  Publishing publishing(*this, best_effort, batch);
  bool entered = false;
  const auto decide = [&](Aftermath& after) {
    entered = true;
    publishing.decide(producer);
    publishing.finish(after);
  };
  try {
    if (best_effort) {
      run_outside(decide);
    } else {
      run(decide);
    }
  } catch (const Error& error) {
    if (entered) throw;
    publishing.fail(error);
    Aftermath after;
    publishing.finish(after);
    conclude(after);
  }
}

}  // namespace omnibus::embedded
