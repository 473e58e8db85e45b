#include "services/gateway/dispatch/flow_table.hpp"

#include <omnibus/error.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/json/body.hpp"

namespace omnibus::gateway {

namespace {

/// Null when the definition cannot be read.
FlowTable::Interfaces interfaces_of(const std::string& flow, const std::string& text) {
  try {
    const auto definition = parse_body(text);
    const auto* object = definition.if_object();
    const auto* interfaces = object != nullptr ? object->if_contains("interfaces") : nullptr;
    if (interfaces != nullptr && interfaces->is_object()) {
      return std::make_shared<const boost::json::object>(interfaces->get_object());
    }
    log::write(log::Level::warning, "gateway: flow '" + flow + "' has no object \"interfaces\", ignored");
  } catch (const NotJson& error) {
    log::write(log::Level::warning, "gateway: definition of flow '" + flow + "' ignored: " + error.reason());
  }
  return nullptr;
}

}  // namespace

void FlowTable::apply(const framework::Configuration& configuration, const Changed& changed) {
  std::map<std::string, Entry> next;
  if (const auto flows = configuration.find("flow"); flows != configuration.end()) {
    for (const auto& [flow, text] : flows->second) {
      if (auto interfaces = interfaces_of(flow, text)) next.emplace(flow, Entry{text, std::move(interfaces)});
    }
  }
  std::vector<std::string> gone;
  std::vector<std::shared_ptr<Waiter>> ready;
  {
    const std::lock_guard lock(mutex_);
    known_ = true;
    flows_.swap(next);
    for (const auto& [flow, before] : next) {
      const auto now = flows_.find(flow);
      if (now == flows_.end() || *now->second.interfaces != *before.interfaces) gone.push_back(flow);
    }
    std::erase_if(waiters_, [&](const std::shared_ptr<Waiter>& waiter) {
      if (!holds(*waiter)) return waiter->done_.load();
      ready.push_back(waiter);
      return true;
    });
  }
  changed(gone);
  for (const auto& waiter : ready) waiter->run();
}

FlowTable::Interfaces FlowTable::find(const std::string& flow) const {
  const std::lock_guard lock(mutex_);
  const auto found = flows_.find(flow);
  return found != flows_.end() ? found->second.interfaces : nullptr;
}

std::map<std::string, FlowTable::Interfaces> FlowTable::all() const {
  std::map<std::string, Interfaces> result;
  const std::lock_guard lock(mutex_);
  for (const auto& [flow, entry] : flows_) result.emplace(flow, entry.interfaces);
  return result;
}

bool FlowTable::known() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

std::shared_ptr<FlowTable::Waiter> FlowTable::when(Wanted wanted, std::string flow,
                                                   UniqueFunction<void()> then) {
  auto waiter = std::make_shared<Waiter>(wanted, std::move(flow), std::move(then));
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiters_, [](const std::shared_ptr<Waiter>& each) { return each->done_.load(); });
    if (!holds(*waiter)) {
      waiters_.push_back(waiter);
      return waiter;
    }
  }
  waiter->run();
  return nullptr;
}

void FlowTable::release() {
  std::vector<std::shared_ptr<Waiter>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(waiters_);
  }
  for (const auto& waiter : all) waiter->run();
}

bool FlowTable::holds(const Waiter& waiter) const {
  switch (waiter.wanted_) {
    case Wanted::known:
      return known_;
    case Wanted::present:
      return flows_.contains(waiter.flow_);
    case Wanted::absent:
      return known_ && !flows_.contains(waiter.flow_);
  }
  return true;
}

}  // namespace omnibus::gateway
