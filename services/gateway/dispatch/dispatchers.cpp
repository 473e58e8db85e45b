/// Dispatchers are made once, and go with their flow.

#include <algorithm>

#include "services/gateway/dispatch/core.hpp"

namespace omnibus::gateway {

/// The dispatcher, made by the first who asks while the others wait for it, none of them on a thread. One
/// made from other interfaces, by a request that had looked them up before they changed, is never used.
void Dispatch::Core::obtain(const Key& key, const ServiceType& type, const FlowTable::Interfaces& interfaces,
                            const std::function<DispatcherPlan()>& plan, Obtained then) {
  const auto mine = std::make_shared<Slot>(interfaces);
  std::shared_ptr<Dispatcher> ready;
  std::shared_ptr<Slot> replaced;  // let go outside the lock
  {
    const std::lock_guard lock(mutex);
    if (stopped) throw ClosedError("the gateway is shutting down");
    auto& kept = slots[key];
    if (!kept || !kept->made_from(interfaces)) {
      replaced = std::exchange(kept, mine);
    } else if (kept->dispatcher) {
      ready = kept->dispatcher;
    } else {
      return kept->waiting.push_back(std::move(then));
    }
  }
  ready ? then(ready, nullptr) : make(key, type, mine, plan, then);
}

void Dispatch::Core::make(const Key& key, const ServiceType& type, const std::shared_ptr<Slot>& slot,
                          const std::function<DispatcherPlan()>& plan, const Obtained& then) {
  std::shared_ptr<Dispatcher> dispatcher;
  std::optional<Error> failure;
  try {
    const auto from = plan();
    dispatcher = std::shared_ptr<Dispatcher>(type.make(from).release(), DeleteOnPool{bus});
    dispatcher->count_for(metrics.of_queue(from.request.str()));
    remember(dispatcher);
  } catch (...) {
    failure = to_error(std::current_exception());
  }
  const auto& flow = std::get<0>(key);
  const bool outdated = !slot->made_from(flow.empty() ? nullptr : flows.find(flow));
  if (failure || outdated) forget(key, slot);  // the next request tries again
  std::vector<Obtained> waiting;
  {
    const std::lock_guard lock(mutex);
    slot->dispatcher = dispatcher;
    waiting.swap(slot->waiting);
  }
  then(dispatcher, failure ? &*failure : nullptr);
  for (auto& each : waiting) {
    bus.post(
        [each = std::move(each), dispatcher, failure] { each(dispatcher, failure ? &*failure : nullptr); });
  }
}

void Dispatch::Core::remember(const std::shared_ptr<Dispatcher>& dispatcher) {
  const std::lock_guard lock(mutex);
  std::erase_if(made, [](const auto& each) { return each.expired(); });
  made.push_back(dispatcher);
}

void Dispatch::Core::forget(const Key& key, const std::shared_ptr<Slot>& slot) {
  const std::lock_guard lock(mutex);
  const auto found = slots.find(key);
  if (found != slots.end() && found->second == slot) slots.erase(found);
}

void Dispatch::Core::configure(const framework::Configuration& configuration) {
  std::vector<std::shared_ptr<Slot>> evicted;  // let go outside the lock
  std::vector<std::shared_ptr<FlowFollower>> concerned;
  flows.apply(configuration, [&](const std::vector<std::string>& gone) {
    const std::lock_guard lock(mutex);
    for (const auto& [flow, weak] : followers) {
      if (std::find(gone.begin(), gone.end(), flow) == gone.end()) continue;
      if (auto follower = weak.lock()) concerned.push_back(std::move(follower));
    }
    std::erase_if(slots, [&](const auto& entry) {
      const auto& flow = std::get<0>(entry.first);
      if (flow.empty() || std::find(gone.begin(), gone.end(), flow) == gone.end()) return false;
      evicted.push_back(entry.second);
      return true;
    });
  });
  status->configure(configuration);
  for (const auto& follower : concerned) follower->flow_changed();
}

void Dispatch::Core::follow(const std::string& flow, const std::shared_ptr<FlowFollower>& follower) {
  const std::lock_guard lock(mutex);
  std::erase_if(followers, [](const auto& each) { return each.second.expired(); });
  followers.emplace_back(flow, follower);
}

}  // namespace omnibus::gateway
