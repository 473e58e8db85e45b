#include "backends/embedded/inline_queue.hpp"

#include <algorithm>
#include <utility>

namespace omnibus::embedded {

void InlineQueue::change(Sinks sinks) {
  sinks_ = std::make_shared<const Sinks>(std::move(sinks));
  version_.fetch_add(1);
}

void InlineQueue::add(std::shared_ptr<driver::InlineSink> sink) {
  const std::lock_guard lock(mutex_);
  auto sinks = sinks_ ? *sinks_ : Sinks{};
  sinks.push_back(std::move(sink));
  change(std::move(sinks));
}

void InlineQueue::remove(const driver::InlineSink* sink) noexcept {
  std::shared_ptr<const Sinks> before;  // the last reference perhaps: goes without the lock
  const std::lock_guard lock(mutex_);
  before = sinks_;
  auto sinks = *sinks_;
  std::erase_if(sinks, [sink](const auto& one) { return one.get() == sink; });
  change(std::move(sinks));
}

void InlineQueue::deliver(View& view, const driver::InlineMessage& message) {
  if (view.version != version_.load()) {
    std::shared_ptr<const Sinks> old;
    const std::lock_guard lock(mutex_);
    old = std::exchange(view.sinks, sinks_);
    view.version = version_.load();
  }
  if (!view.sinks) return;
  for (const auto& sink : *view.sinks) sink->take(message);
}

std::shared_ptr<void> InlineQueue::join(const std::shared_ptr<InlineQueue>& queue) {
  queue->others_.fetch_add(1);
  return {queue.get(), [queue](void*) { queue->others_.fetch_sub(1); }};
}

InlineConsumerHandle::InlineConsumerHandle(std::shared_ptr<InlineQueue> queue,
                                           std::shared_ptr<driver::InlineSink> sink)
    : queue_(std::move(queue)), sink_(std::move(sink)) {
  queue_->add(sink_);
}

InlineConsumerHandle::~InlineConsumerHandle() { queue_->remove(sink_.get()); }

std::shared_ptr<InlineQueue> InlineQueues::of(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  if (queues_.size() >= purge_at_) {
    std::erase_if(queues_, [](const auto& entry) { return entry.second.expired(); });
    purge_at_ = 2 * queues_.size() + 64;
  }
  auto& known = queues_[queue];
  auto found = known.lock();
  if (!found) known = found = std::make_shared<InlineQueue>();
  return found;
}

}  // namespace omnibus::embedded
