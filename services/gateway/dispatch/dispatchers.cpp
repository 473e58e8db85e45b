/// Dispatchers are made once, and go with their flow.

#include <algorithm>

#include "services/gateway/dispatch/core.hpp"

namespace omnibus::gateway {

/// The dispatcher, made by the first who asks while the others wait for it. One made from other interfaces,
/// by a request that had looked them up before they changed, is never used.
std::shared_ptr<Dispatcher> Dispatch::Core::obtain(const Key& key, const ServiceType& type,
                                                   const FlowTable::Interfaces& interfaces,
                                                   const std::function<DispatcherPlan()>& plan) {
  const auto& flow = std::get<0>(key);
  const auto mine = std::make_shared<Slot>(interfaces);
  std::shared_ptr<Slot> slot = mine;
  std::shared_ptr<Slot> replaced;  // let go outside the lock
  {
    const std::lock_guard lock(mutex);
    if (stopped) throw ClosedError("the gateway is shutting down");
    auto& kept = slots[key];
    if (kept && kept->made_from(interfaces)) {
      slot = kept;
    } else {
      replaced = std::exchange(kept, mine);
    }
  }
  if (slot == mine) {
    try {
      std::shared_ptr<Dispatcher> dispatcher(type.make(plan()).release(), DeleteOnPool{bus});
      remember(dispatcher);
      mine->promise.set_value(std::move(dispatcher));
      if (!mine->made_from(flow.empty() ? nullptr : flows.find(flow))) forget(key, mine);
    } catch (...) {
      forget(key, mine);  // the next request tries again
      mine->promise.set_exception(std::current_exception());
    }
  }
  return slot->dispatcher.get();
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
  for (const auto& follower : concerned) follower->flow_changed();
}

void Dispatch::Core::follow(const std::string& flow, const std::shared_ptr<FlowFollower>& follower) {
  const std::lock_guard lock(mutex);
  std::erase_if(followers, [](const auto& each) { return each.second.expired(); });
  followers.emplace_back(flow, follower);
}

}  // namespace omnibus::gateway
