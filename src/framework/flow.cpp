#include "omnibus/framework/flow.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace omnibus::framework {

struct Flow::Impl {
  struct Entry {
    std::string name;
    std::type_index type;
    Order order;
    std::unique_ptr<FlowPart> part;
  };

  Bus bus;
  const std::string processor, id;
  const FlowDefinition definition;
  std::vector<Entry> entries;
  std::set<std::string, std::less<>> parameters;

  template <class Do>
  void each(Order order, Do&& action) {
    for (auto& entry : entries) {
      if (entry.order == order) action(*entry.part);
    }
  }
};

Flow::Flow(Bus bus, std::string processor, std::string id, FlowDefinition definition)
    : impl_(new Impl{.bus = std::move(bus),
                     .processor = std::move(processor),
                     .id = std::move(id),
                     .definition = std::move(definition),
                     .entries = {},
                     .parameters = {}}) {}

Flow::~Flow() = default;

const std::string& Flow::id() const noexcept { return impl_->id; }
const FlowDefinition& Flow::definition() const noexcept { return impl_->definition; }
Bus& Flow::bus() noexcept { return impl_->bus; }
const std::string& Flow::processor() const noexcept { return impl_->processor; }

std::optional<std::string> Flow::parameter(std::string_view name) const {
  if (!impl_->parameters.contains(name)) return std::nullopt;
  const auto found = impl_->definition.find(std::string(name));
  return found == impl_->definition.end() ? std::nullopt : std::optional(found->second);
}

QueueName Flow::queue(std::string_view key) const {
  const auto where = "flow " + impl_->id + " of " + impl_->processor;
  const auto found = impl_->definition.find(std::string(key));
  if (found == impl_->definition.end()) {
    throw ConfigError(where + " names no queue for '" + std::string(key) + "'",
                      "add it to the processor's entry in the flow's blueprint");
  }
  try {
    return QueueName::parse(found->second);
  } catch (const Error& error) {
    throw ConfigError(error.with_context(where + ", '" + std::string(key) + "'"));
  }
}

void Flow::add_parameter(std::string name) { impl_->parameters.insert(std::move(name)); }

void Flow::add_part(std::string name, std::type_index type, Order order, std::unique_ptr<FlowPart> part) {
  impl_->entries.push_back({std::move(name), type, order, std::move(part)});
}

FlowPart& Flow::find(const char* what, std::string_view name, std::type_index type) {
  for (auto& entry : impl_->entries) {
    if (entry.name == name && entry.type == type) return *entry.part;
  }
  throw Error(ErrorCode::not_found,
              "flow " + impl_->id + " of " + impl_->processor + " has no " + what + " '" + std::string(name) +
                  "' of that type",
              {.hint = "add its spec to the processor"});
}

void Flow::start() {
  try {
    for (const auto order : {Order::tool, Order::receiver}) {
      impl_->each(order, [](FlowPart& part) { part.start(); });
    }
  } catch (...) {
    stop(Duration::zero());
    throw;
  }
}

void Flow::drain() noexcept {
  impl_->each(Order::receiver, [](FlowPart& part) { part.drain(); });
}

CloseReport Flow::stop(Duration timeout) noexcept {
  const auto deadline = deadline_after(timeout);
  CloseReport total;
  const auto stop_part = [&](FlowPart& part) {
    const auto report = part.stop(std::max<Duration>(deadline - Clock::now(), Duration::zero()));
    total.flushed += report.flushed;
    total.unsent += report.unsent;
    total.running += report.running;
  };
  drain();
  impl_->each(Order::receiver, stop_part);
  impl_->each(Order::tool, stop_part);
  return total;
}

}  // namespace omnibus::framework
