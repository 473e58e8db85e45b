#pragma once

#include <memory>
#include <optional>

#include <omnibus/error.hpp>
#include <omnibus/function.hpp>

namespace omnibus::wire {

/// Joins several completions into one, which runs after the last with the first error. Threads: the loop's.
class Gather {
 public:
  /// `count` parts; with none, `done` runs at once.
  Gather(std::size_t count, Completion done) : state_(std::make_shared<State>(count, std::move(done))) {
    if (count == 0) state_->done(nullptr);
  }
  /// The completion of one part; to be taken `count` times.
  Completion part() {
    return [state = state_](const Error* error) {
      if (error != nullptr && !state->error) state->error = *error;
      if (--state->left > 0) return;
      state->done(state->error ? &*state->error : nullptr);
    };
  }

 private:
  struct State {
    State(std::size_t count, Completion completion) : left(count), done(std::move(completion)) {}
    std::size_t left;
    std::optional<Error> error;
    Completion done;
  };
  std::shared_ptr<State> state_;
};

}  // namespace omnibus::wire
