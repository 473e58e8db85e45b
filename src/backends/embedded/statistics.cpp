#include "backends/embedded/statistics.hpp"

#include <algorithm>

namespace omnibus::embedded {

driver::QueueStatistics statistics_of(const State& state, const Queue& queue, Millis now) {
  driver::QueueStatistics result;
  result.depth = queue.messages.size();
  result.bytes = queue.messages.bytes();
  for (const auto& [name, id] : queue.subscriptions) {
    const auto& subscription = *state.subscription(id);
    auto oldest = queue.messages.first_from(subscription.next);
    if (!subscription.outstanding.empty()) oldest = std::min(oldest, subscription.outstanding.first_from(1));
    const auto* message = queue.messages.find(oldest);
    const auto age = message == nullptr ? 0 : std::max<Millis>(0, now - message->time);
    result.subscriptions[name] = {subscription.backlog, subscription.in_flight, subscription.redelivered,
                                  subscription.consumers.size(), std::chrono::milliseconds(age)};
  }
  return result;
}

}  // namespace omnibus::embedded
