#include "omnibus/framework/flow.hpp"

#include <algorithm>
#include <mutex>
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
  const ProcessorOptions options;
  std::vector<Entry> entries;
  std::set<std::string, std::less<>> parameters;

  template <class Do>
  void each(Order order, Do&& action) {
    for (auto& entry : entries) {
      if (entry.order == order) action(*entry.part);
    }
  }
};

/// What a view for one call of a handler has of its own: the parts that joined, made when they are asked for.
struct Flow::Joined {
  explicit Joined(std::shared_ptr<detail::TransactionScope> scope) : transaction(std::move(scope)) {}

  FlowPart& part(FlowPart& shared) {
    const std::lock_guard lock(mutex);
    const auto [entry, fresh] = parts.try_emplace(&shared);
    if (fresh) entry->second = shared.joined(transaction);
    return entry->second ? *entry->second : shared;
  }

  const std::shared_ptr<detail::TransactionScope> transaction;
  std::mutex mutex;  // guards parts
  std::map<const FlowPart*, std::unique_ptr<FlowPart>> parts;
};

Flow::Flow(Bus bus, std::string processor, std::string id, FlowDefinition definition,
           ProcessorOptions options)
    : impl_(new Impl{.bus = std::move(bus),
                     .processor = std::move(processor),
                     .id = std::move(id),
                     .definition = std::move(definition),
                     .options = options,
                     .entries = {},
                     .parameters = {}}) {}

Flow::Flow(std::shared_ptr<Impl> impl, std::unique_ptr<Joined> joined)
    : impl_(std::move(impl)), joined_(std::move(joined)) {}

Flow::~Flow() = default;

std::shared_ptr<Flow> Flow::joined(std::shared_ptr<detail::TransactionScope> transaction) const {
  return std::shared_ptr<Flow>(new Flow(impl_, std::make_unique<Joined>(std::move(transaction))));
}

const std::string& Flow::id() const noexcept { return impl_->id; }
const FlowDefinition& Flow::definition() const noexcept { return impl_->definition; }
Bus& Flow::bus() noexcept { return impl_->bus; }
const std::string& Flow::processor() const noexcept { return impl_->processor; }
const ProcessorOptions& Flow::options() const noexcept { return impl_->options; }

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
    if (entry.name != name || entry.type != type) continue;
    return joined_ ? joined_->part(*entry.part) : *entry.part;
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
