#include "wire/loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "wire/loop_state.hpp"

namespace omnibus::wire {

/// Runs all that was posted so far; one wake-up serves many posts.
void Loop::State::drain() {
  {
    const std::lock_guard lock(mutex);
    running.swap(posted);
  }
  for (auto& one : running) {
    one();
    one = nullptr;
  }
  running.clear();
}

Loop::Loop() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

Loop::~Loop() { stop(); }

void Loop::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->stopped, true)) return;
  }
  state_->context.stop();
  state_->thread.join();
  // What was cancelled has still to let go of its owners.
  state_->context.restart();
  state_->context.poll();
  std::vector<UniqueFunction<void()>> left;
  const std::lock_guard lock(state_->mutex);
  left.swap(state_->posted);
}

void Loop::post(UniqueFunction<void()> work) {
  bool first = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) return;  // dropped with `work`, after the lock
    first = state_->posted.empty();
    state_->posted.push_back(std::move(work));
  }
  if (first) boost::asio::post(state_->context, [state = state_.get()] { state->drain(); });
}

bool Loop::here() const noexcept { return std::this_thread::get_id() == state_->thread.get_id(); }

struct Timer::State {
  explicit State(Loop& loop) : timer(loop.state().context) {}
  boost::asio::steady_timer timer;
  UniqueFunction<void()> work;
  std::uint64_t turn = 0;  ///< tells a late wake-up that it was replaced
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop)) {}

Timer::~Timer() { cancel(); }

void Timer::at(TimePoint when, UniqueFunction<void()> work) {
  state_->work = std::move(work);
  state_->timer.expires_at(when);
  state_->timer.async_wait([state = state_, turn = ++state_->turn](const boost::system::error_code&) {
    if (state->turn != turn) return;
    ++state->turn;
    auto due = std::exchange(state->work, nullptr);
    due();
  });
}

void Timer::cancel() noexcept {
  ++state_->turn;
  state_->work = nullptr;
  state_->timer.cancel();
}

}  // namespace omnibus::wire
