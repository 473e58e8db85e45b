#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <omnibus/driver.hpp>
#include <omnibus/error.hpp>

namespace omnibus::knowledge {

/// Counts sends that are on their way, so that many may be and none is forgotten. Threads: any.
class Confirmations {
 public:
  /// One more; the completion to send it with. A completion may outlive this object.
  Completion expect() {
    const std::scoped_lock lock(state_->mutex);
    ++state_->open;
    return [state = state_](const Error* failure) {
      const std::scoped_lock ended(state->mutex);
      if (failure != nullptr && !state->failure) state->failure = *failure;
      if (--state->open == 0) state->none.notify_all();
    };
  }

  /// Returns when none is on its way. Errors: the first failure since the last call.
  void wait() {
    std::unique_lock lock(state_->mutex);
    state_->none.wait(lock, [this] { return state_->open == 0; });
    if (const auto failure = std::exchange(state_->failure, std::nullopt)) failure->raise();
  }

 private:
  struct State {
    std::mutex mutex;  // guards what follows
    std::condition_variable none;
    std::size_t open = 0;
    std::optional<Error> failure;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace omnibus::knowledge
