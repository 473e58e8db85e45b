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
  state_->door->state = state_.get();
  state_->thread = std::thread([state = state_.get()] {
    state->context.run();
    // What was cancelled has still to let go of its owners.
    state->context.restart();
    state->context.poll();
    state->kept.clear();
  });
}

Loop::~Loop() { stop(); }

void Loop::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->stopped, true)) return;
  }
  {
    const std::lock_guard lock(state_->door->mutex);
    state_->door->state = nullptr;
  }
  state_->context.stop();
  state_->thread.join();
  std::vector<UniqueFunction<void()>> left;
  const std::lock_guard lock(state_->mutex);
  left.swap(state_->posted);
}

void Loop::post(UniqueFunction<void()> work) { state_->post(std::move(work)); }

void Loop::State::post(UniqueFunction<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex);
    if (stopped) return;  // dropped with `task`, after the lock
    first = posted.empty();
    posted.push_back(std::move(task));
  }
  if (first) boost::asio::post(context, [this] { drain(); });
}

void Loop::Door::post(UniqueFunction<void()> work) {
  const std::lock_guard lock(mutex);
  if (state != nullptr) state->post(std::move(work));
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
  const auto before = std::exchange(state_->work, std::move(work));  // may own this timer: goes last
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
  const auto before = std::exchange(state_->work, nullptr);  // may own this timer: goes last
  state_->timer.cancel();
}

}  // namespace omnibus::wire
