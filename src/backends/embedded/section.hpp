#pragma once

/// The body of Engine::run, for the files that implement the Engine.

#include <exception>
#include <utility>

#include "backends/embedded/engine.hpp"

namespace omnibus::embedded {

template <class Decide>
void Engine::run(Decide&& decide) {
  Aftermath after;
  std::exception_ptr failure;
  {
    const std::lock_guard lock(mutex_);
    journal_->enter(state_, effects_);
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

}  // namespace omnibus::embedded
