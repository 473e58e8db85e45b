#include "services/gateway/status/survey.hpp"

#include <algorithm>

#include <omnibus/error.hpp>

namespace omnibus::gateway {

namespace {

/// A queue that is not there yet is empty.
driver::QueueStatistics look_at(Bus& bus, const QueueName& queue) {
  try {
    return bus.statistics(queue);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return {};
    throw;
  }
}

std::uint64_t dead_letters(Bus& bus, const QueueName& queue, const driver::QueueStatistics& of) {
  std::uint64_t count = 0;
  if (queue.qos == Qos::best_effort) return count;
  for (const auto& entry : of.subscriptions) {
    const auto dead = look_at(bus, dead_letter_queue(queue, entry.first));
    const auto reader = dead.subscriptions.find("dead");
    count += reader != dead.subscriptions.end() ? reader->second.backlog : dead.depth;
  }
  return count;
}

QueueNumbers numbers(Bus& bus, const QueueName& queue) {
  const auto told = look_at(bus, queue);
  std::uint64_t waiting = 0, in_flight = 0, redelivered = 0, readers = 0;
  for (const auto& entry : told.subscriptions) {
    const auto& each = entry.second;
    waiting += each.backlog - std::min(each.backlog, each.in_flight);
    in_flight += each.in_flight;
    redelivered += each.redelivered;
    readers += each.consumers;
  }
  return {told.depth, waiting, in_flight, redelivered, dead_letters(bus, queue, told), readers};
}

}  // namespace

Survey survey(Bus& bus, const Watched& watched, std::size_t most) {
  Survey result;
  if (!bus.features().has(driver::Feature::statistics)) {
    result.why = "the backend " + std::string(bus.backend()) + " does not tell";
    return result;
  }
  for (const auto& [key, queue] : watched.queues) {
    if (result.queues.size() >= most) {
      result.why = "only the first " + std::to_string(most) + " queues are looked at";
      break;
    }
    try {
      result.queues.emplace(key, numbers(bus, queue.name));
    } catch (const Error& error) {
      result.why = error.what();
      break;
    }
  }
  return result;
}

}  // namespace omnibus::gateway
