#pragma once

/// The body of Engine::run, for the files that implement the Engine.

#include <algorithm>
#include <exception>
#include <utility>

#include <omnibus/log.hpp>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

template <class Put>
void Engine::submit(Put&& put) {
  bool durable = false;
  {
    const std::lock_guard lock(waiting_mutex_);
    put();
    const auto self = std::this_thread::get_id();
    if (server_ != std::thread::id() && (server_ == self || !tired_)) return;
    tired_ = false;
    server_ = self;
    durable = waiting_.durable();
  }
  serve(durable);
}

template <class Make>
void Engine::add_records(Held& held, Make&& make) {
  std::sort(held.begin(), held.end());
  held.erase(std::unique(held.begin(), held.end()), held.end());
  for (auto at = held.cbegin(); at != held.cend();) {
    const auto subscription = at->first;
    auto record = make(subscription);
    record.sequences = borrow_sequences();
    for (; at != held.cend() && at->first == subscription; ++at) record.sequences.push_back(at->second);
    frame_.emplace_back(std::move(record));
  }
}

template <class Decide>
void Engine::run(Decide&& decide) {
  const Gate::Pass pass(gate_);
  if (!pass) throw_closed();
  Aftermath after;
  std::exception_ptr failure;
  {
    std::unique_lock lock(mutex_, std::try_to_lock);
    auto waited = Duration::zero();
    if (!lock) {
      // Who held it may have waited for a stopped process: nobody waits for that one after the other.
      const auto since = Clock::now();
      lock.lock();
      waited = Clock::now() - since;
    }
    journal_->enter(state_, effects_, waited);
    now_ = options_.now();
    serve_waiting(after);
    if (!owed_.empty()) write_ends_or_later(after);
    try {
      std::forward<Decide>(decide)(after);
    } catch (...) {
      failure = std::current_exception();
    }
    distribute(after);
    journal_->leave();
  }
  conclude(after);
  if (failure) std::rethrow_exception(failure);
}

template <class Decide>
void Engine::run_outside(Decide&& decide) {
  const Gate::Pass pass(gate_);
  if (!pass) throw_closed();
  Aftermath after;
  {
    const std::lock_guard lock(mutex_);
    journal_->catch_up(state_, effects_);
    now_ = options_.now();
    serve_waiting(after);
    std::forward<Decide>(decide)(after);
    distribute(after);
  }
  auto postponed = std::move(after.postponed);
  conclude(after);
  if (postponed.empty()) return;
  try {
    run([&](Aftermath&) { effects_.ready.insert(effects_.ready.end(), postponed.begin(), postponed.end()); });
  } catch (const Error& error) {
    if (tries_again("hand out messages", error)) hand_out_later(postponed);
  }
}

}  // namespace omnibus::embedded
