/// Sends, acknowledgements and requests for credit: one thread does what all have asked for, in few frames.

#include <algorithm>
#include <utility>

#include "backends/embedded/message_format.hpp"
#include "backends/embedded/scratch.hpp"
#include "backends/embedded/section.hpp"

namespace omnibus::embedded {
namespace {

/// One frame holds about so much, so that others wait for the commit section only shortly.
constexpr std::size_t frame_bytes = std::size_t{64} << 10;
constexpr std::size_t most_targets = 16;
/// Rounds after which another thread that comes takes over, so that none works for the others for ever.
constexpr int most_rounds = 16;

/// The layer above sends again what failed so.
bool comes_again(const Error& error) {
  return error.code() == ErrorCode::unavailable || error.code() == ErrorCode::closed;
}

}  // namespace

/// What waited on its way into frames. Under the lock, in the commit section where something needs it.
class Engine::Serving {
 public:
  Serving(Engine& engine, Waiting& work) : engine_(engine), work_(work) { ++engine_.round_; }

  void everything(Aftermath& after);

 private:
  /// A queue and how many messages for it are in the frame.
  struct Target {
    const Queue* queue = nullptr;
    std::size_t count = 0;
  };

  void acknowledge();
  void publish(std::vector<Waiting::Send>& sends);
  void publish(Waiting::Send& send);
  const Queue* look_up(Outlet& outlet) const;
  Target& target(const Queue& queue);
  std::optional<Error> commit(std::span<Record> records);
  void write();

  Engine& engine_;
  Waiting& work_;
  std::size_t acknowledgements_ = 0;  ///< records of them, first in the frame
  Scratch<Waiting::Send*> in_frame_;
  Scratch<Target> targets_;
  std::size_t filled_ = 0;
  std::uint64_t added_ = 0;  ///< bytes in the frame, towards limits
};

void Engine::Serving::everything(Aftermath& after) {
  acknowledge();
  publish(work_.sends);
  write();
  publish(work_.best_effort);
  write();
  for (const auto& acknowledgement : work_.acknowledgements) engine_.feed(acknowledgement.port);
  engine_.take_requests(work_);
  for (const auto& send : work_.sends) {
    if (!send.stored && send.content.blob != 0) after.blobs.push_back(send.content.blob);
  }
}

void Engine::Serving::acknowledge() {
  auto& held = engine_.held_;
  held.clear();
  std::span<const driver::AckId> ids(work_.ids);
  for (auto& acknowledgement : work_.acknowledgements) {
    acknowledgement.error = engine_.find_held(*acknowledgement.port, ids.first(acknowledgement.count), held);
    ids = ids.subspan(acknowledgement.count);
  }
  engine_.add_records(held, [](SubscriptionId id) { return record::Acknowledge{id, {}}; });
  acknowledgements_ = engine_.frame_.size();
}

void Engine::Serving::publish(std::vector<Waiting::Send>& sends) {
  for (auto& send : sends) {
    if (!send.error) publish(send);
  }
}

/// Null where the producer is closed. Begins the round of an outlet.
const Queue* Engine::Serving::look_up(Outlet& outlet) const {
  const auto* producer = engine_.state_.producer(outlet.id);
  if (producer == nullptr) return nullptr;
  if (std::exchange(outlet.round, engine_.round_) != engine_.round_) {
    outlet.last = producer->last;
    outlet.refused.reset();
  }
  return engine_.state_.queue(producer->queue);
}

Engine::Serving::Target& Engine::Serving::target(const Queue& queue) {
  for (auto& target : *targets_) {
    if (target.queue == &queue) return target;
  }
  return targets_->emplace_back(Target{&queue, 0});
}

void Engine::Serving::publish(Waiting::Send& send) {
  auto& outlet = *send.outlet;
  const auto& message = *send.message;
  const auto* queue = look_up(outlet);
  if (queue == nullptr) {
    send.error = Error(ErrorCode::closed, "the producer is closed", {.backend = "embedded"});
    return;
  }
  if (outlet.broken) {
    send.error = Error(ErrorCode::unavailable, "an earlier message of this producer was refused",
                       {.retryable = true, .backend = "embedded"});
    return;
  }
  const auto again = [&] { return message.sequence != 0 && message.sequence <= outlet.last; };
  const bool full = filled_ > 0 && filled_ + send.content.size > frame_bytes;
  // The limits are of a namespace, so with them a frame is of one queue.
  const bool mixed = targets_->size() == most_targets || (engine_.options_.limits.hard_limit != 0 &&
                                                          added_ > 0 && targets_->front().queue != queue);
  if (full || mixed || (again() && !in_frame_->empty())) write();
  if (outlet.refused) {
    send.error = outlet.refused;
    return;
  }
  if (again()) return;  // stored before: only confirmed
  const auto bytes = cost_of(message);
  outlet.refused = engine_.over_limit(*queue, added_, bytes);
  if (outlet.refused) {
    send.error = outlet.refused;
    return;
  }
  outlet.last = std::max(outlet.last, message.sequence);
  added_ += bytes;
  filled_ += send.content.size;
  const auto now = engine_.now_;
  const auto sequence = queue->messages.last() + ++target(*queue).count;
  in_frame_->push_back(&send);
  engine_.frame_.emplace_back(record::Publish{queue->id, sequence, outlet.id, message.sequence, now,
                                              visible_at(now, message.delay), key_hash(message.key), bytes,
                                              send.content});
}

std::optional<Error> Engine::Serving::commit(std::span<Record> records) {
  try {
    engine_.commit(records);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

void Engine::Serving::write() {
  const std::span records(engine_.frame_);
  auto unsent = commit(records);
  auto unacknowledged = unsent;
  if (unsent && acknowledgements_ > 0 && !in_frame_->empty()) {
    // A large message must not keep a small acknowledgement out of a full disk.
    unacknowledged = commit(records.first(acknowledgements_));
    unsent = commit(records.subspan(acknowledgements_));
  }
  for (auto* send : *in_frame_) {
    send->stored = !unsent;
    if (!unsent) continue;
    send->error = unsent;
    if (unsent->code() == ErrorCode::too_large) {  // those behind it may fit
      send->outlet->last = engine_.state_.producer(send->outlet->id)->last;
    } else {
      send->outlet->refused = unsent;
    }
  }
  if (unacknowledged && acknowledgements_ > 0) {
    for (auto& acknowledgement : work_.acknowledgements) acknowledgement.error = unacknowledged;
  }
  engine_.clear_frame();
  acknowledgements_ = 0;
  in_frame_->clear();
  targets_->clear();
  filled_ = 0;
  added_ = 0;
}

/// `durable`: something that waits needs the commit section.
void Engine::serve(bool durable) {
  const Gate::Pass pass(gate_);  // what is refused because the gate closes needs it open until then
  const auto self = std::this_thread::get_id();
  for (int round = 1;; ++round) {
    try {
      if (durable) {
        run([](Aftermath&) {});
      } else {
        run_outside([](Aftermath&) {});
      }
    } catch (...) {
      try {
        refuse_waiting(to_error(std::current_exception()), durable);
      } catch (...) {  // else nobody would serve any more
        const std::lock_guard lock(waiting_mutex_);
        if (server_ == self) server_ = {};
        throw;
      }
    }
    const std::lock_guard lock(waiting_mutex_);
    if (server_ != self) return;  // another took over
    if (waiting_.empty()) {
      server_ = {};
      tired_ = false;
      return;
    }
    if (round == most_rounds) tired_ = true;
    durable = waiting_.durable();
  }
}

void Engine::take_waiting(Served& served, bool durable, bool other) {
  const std::lock_guard lock(waiting_mutex_);
  if (waiting_.empty()) return;
  auto& work = *served;
  if (durable) {
    work.sends.swap(waiting_.sends);
    work.acknowledgements.swap(waiting_.acknowledgements);
    work.ids.swap(waiting_.ids);
  }
  if (other) {
    work.best_effort.swap(waiting_.best_effort);
    work.requests.swap(waiting_.requests);
  }
}

void Engine::serve_waiting(Aftermath& after) {
  take_waiting(after.served, journal_->entered(), true);
  if (after.served.empty()) return;
  try {
    Serving(*this, *after.served).everything(after);
  } catch (...) {  // of memory: who asked must hear of it all the same
    clear_frame();
    refuse(*after.served, to_error(std::current_exception()));
  }
}

/// Whatever is not stored and not refused yet.
void Engine::refuse(Waiting& work, const Error& error) {
  for (auto* sends : {&work.sends, &work.best_effort}) {
    for (auto& send : *sends) {
      if (send.stored || send.error) continue;
      send.error = error;
      if (comes_again(error)) send.outlet->broken = true;
    }
  }
  for (auto& acknowledgement : work.acknowledgements) acknowledgement.error = error;
}

/// What waits could not be served.
void Engine::refuse_waiting(const Error& error, bool durable) {
  Aftermath after;
  {
    const std::lock_guard lock(mutex_);
    take_waiting(after.served, durable, !durable);
    auto& work = *after.served;
    refuse(work, error);
    take_requests(work);
    if (error.code() != ErrorCode::closed) {  // else the next opening finds the files
      for (const auto& send : work.sends) {
        if (send.content.blob != 0) after.blobs.push_back(send.content.blob);
      }
      for (const auto& request : work.requests) retry_later(request.port->subscription, after);
    }
  }
  conclude(after);
}

void Engine::complete(Waiting::Send& send, bool now, Aftermath& after) {
  if (send.error) {
    send.done(&*send.error);
  } else if (now) {
    send.done(nullptr);
  } else {
    after.confirmed.push_back(send.outlet->hold(std::move(send.done)));
  }
}

void Engine::complete_served(Aftermath& after) {
  if (after.served.empty()) return;
  auto& served = *after.served;
  std::optional<bool> known;
  const auto now = [&] {
    return known ? *known : *(known = !served.durable() || journal_->confirmed(after.mark));
  };
  for (auto* sends : {&served.sends, &served.best_effort}) {
    std::size_t count = 0;
    for (auto at = sends->begin(); at != sends->end(); ++at) {
      complete(*at, !at->error && now(), after);
      ++count;
      const auto next = std::next(at);
      if (next == sends->end() || next->outlet != at->outlet) at->outlet->end(std::exchange(count, 0));
    }
  }
  for (auto& [port, count, done, error] : served.acknowledgements) {
    if (error) {
      done(&*error);
    } else if (now()) {
      done(nullptr);
    } else {
      after.confirmed.push_back(std::move(done));
    }
  }
}

}  // namespace omnibus::embedded
