#include "framework/job.hpp"

#include <utility>

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

namespace omnibus::framework::detail {

/// What the handler gets as `done`.
class Attempt::Done {
 public:
  explicit Done(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
  Done(Done&&) noexcept = default;
  Done& operator=(Done&&) = delete;
  ~Done() {
    if (attempt_) attempt_->drop();
  }
  void operator()(std::exception_ptr failure) {
    if (const auto attempt = std::exchange(attempt_, nullptr)) attempt->finish(std::move(failure));
  }

 private:
  std::shared_ptr<Attempt> attempt_;
};

void Attempt::call(const ConsumerLoop::Run& run, Job& job) {
  try {
    run(*job.received, job.context, Done(shared_from_this()));
  } catch (...) {
    return finish(std::current_exception());
  }
  if ((state_.fetch_or(returned) & dropped) != 0) drop();
}

void Attempt::finish(std::exception_ptr failure) {
  if ((state_.fetch_or(finished) & finished) == 0) return ended_(std::move(failure));
  if (failure) log::write(log::Level::warning, "a handler failed after it had reported its end");
}

// During the call it is only noted: what the handler throws tells more.
void Attempt::drop() {
  const auto before = state_.fetch_or(dropped);
  if ((before & returned) == 0 || (before & finished) != 0) return;
  finish(std::make_exception_ptr(
      Error(ErrorCode::internal, "the handler let go of its message without reporting success or failure")));
}

}  // namespace omnibus::framework::detail
