#include "services/flow/reaper.hpp"

#include <algorithm>

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

namespace omnibus::flow {
namespace {

constexpr auto look_again = std::chrono::seconds(30);  ///< at the latest

SystemTime now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string describe(const Subscription& subscription) {
  return subscription.name + " on " + subscription.queue + " (flow '" + subscription.flow + "')";
}

}  // namespace

std::chrono::milliseconds pause_until(SystemTime until, SystemTime now) {
  // In milliseconds: the way to SystemTime::max() is more nanoseconds than a Duration holds.
  return std::min<std::chrono::milliseconds>(until - std::min(until, now), look_again);
}

Reaper::Reaper(Ledger& ledger, config::Access& config, Subscriptions& subscriptions, Duration grace,
               std::mutex& exclusive)
    : ledger_(ledger), config_(config), subscriptions_(subscriptions), grace_(grace), exclusive_(exclusive) {}

Reaper::~Reaper() { stop(); }

void Reaper::observe(const config::Values& values, SystemTime now) {
  const auto present = subscriptions_of(values);
  if (!present) return;
  ledger_.observe(*present, now);
  {
    const std::scoped_lock lock(mutex_);
    changed_ = true;
  }
  wake_.notify_all();
}

std::size_t Reaper::sweep(SystemTime now) {
  const auto limit = now - std::chrono::ceil<std::chrono::milliseconds>(grace_);
  if (ledger_.unused_since(limit).empty()) return 0;

  const std::scoped_lock lock(exclusive_);
  // What this process heard of the configuration may be old; a flow started since then keeps its messages.
  const auto present = subscriptions_of(config_.read().values);
  if (!present) return 0;
  ledger_.observe(*present, now);
  const auto due = ledger_.unused_since(limit);
  return static_cast<std::size_t>(std::count_if(
      due.begin(), due.end(), [this](const auto& subscription) { return remove(subscription); }));
}

bool Reaper::remove(const Subscription& subscription) {
  try {
    const auto backlog = subscriptions_.look(subscription);
    if (backlog.exists) {
      subscriptions_.remove(subscription);
      log::write(
          log::Level::warning,
          "removed the subscription " + describe(subscription) + ", unused for the grace time, with " +
              (backlog.messages ? std::to_string(*backlog.messages) : std::string("an unknown number of")) +
              " unread messages");
    }
    ledger_.forget(subscription);
    return backlog.exists;
  } catch (const std::exception& error) {
    log::write(log::Level::error,
               "cannot remove the subscription " + describe(subscription) + ": " + error.what());
    return false;
  }
}

void Reaper::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Reaper::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Reaper::run(const std::stop_token& stop) {
  auto earliest = SystemTime::min();  // not before this, after a failure
  while (!stop.stop_requested()) {
    auto until = SystemTime::max();
    try {
      if (const auto oldest = ledger_.oldest()) {
        until = std::max(*oldest + std::chrono::ceil<std::chrono::milliseconds>(grace_), earliest);
      }
      if (until <= now_ms()) {
        sweep(now_ms());
        earliest = now_ms() + look_again;
        continue;
      }
    } catch (const std::exception& error) {
      log::write(log::Level::error, std::string("cannot look for unused subscriptions: ") + error.what());
      until = earliest = now_ms() + look_again;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, pause_until(until, now_ms()), [this] { return changed_; });
    changed_ = false;
  }
}

}  // namespace omnibus::flow
