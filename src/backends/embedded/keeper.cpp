#include "backends/embedded/keeper.hpp"

#include <utility>

namespace omnibus::embedded {
namespace {

constexpr auto pause_after_failure = std::chrono::seconds(5);

}  // namespace

void Keeper::start(Duration every, Round round) {
  thread_ = std::jthread(
      [this, every, round = std::move(round)](const std::stop_token& stop) { run(stop, every, round); });
}

void Keeper::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Keeper::poke() {
  if (poked_.load(std::memory_order_relaxed)) return;
  {
    const std::lock_guard lock(mutex_);
    poked_.store(true, std::memory_order_relaxed);
  }
  poked_again_.notify_one();
}

void Keeper::run(const std::stop_token& stop, Duration every, const Round& round) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    poked_again_.wait_for(lock, stop, every, [this] { return poked_.load(); });
    if (stop.stop_requested()) return;
    lock.unlock();
    const bool done = round(stop);
    lock.lock();
    if (!done) poked_again_.wait_for(lock, stop, pause_after_failure, [] { return false; });
    poked_.store(false);
  }
}

}  // namespace omnibus::embedded
