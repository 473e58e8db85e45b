#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <omnibus/framework/processor.hpp>
#include <omnibus/log.hpp>

#include "framework/flow_definitions.hpp"

namespace omnibus::framework {

/// Shared with the configuration's handler, which may still run when the processor's time to stop is over.
/// apply() runs on one thread at a time.
struct FlowProcessor::Parts {
  using Flows = std::map<std::string, std::shared_ptr<Flow>>;

  Parts(Bus bus_in, const Settings& settings, const ProcessorOptions& asked)
      : bus(std::move(bus_in)),
        id(settings.id),
        stop_time(settings.shutdown_timeout),
        options{.transactional = asked.transactional || ProcessorOptions::from(settings).transactional} {}

  void apply(const Configuration& configuration);
  void stop_unwanted(const FlowDefinitions& wanted);
  std::optional<Error> start_missing(const FlowDefinitions& wanted);
  void start_one(const std::string& name, const FlowDefinition& definition);
  void report(const std::string& name, const std::string& problem);

  Bus bus;
  const std::string id;
  const Duration stop_time;
  const ProcessorOptions options;
  std::vector<std::unique_ptr<Spec>> specs;  // fixed at start()

  mutable std::mutex mutex;  // guards what follows
  Flows flows;
  std::map<std::string, std::string> problems;  // flow → why it does not run; "" → the whole text
  bool stopping = false;
};

void FlowProcessor::Parts::apply(const Configuration& configuration) {
  const auto type = configuration.find("active-flow");
  if (type == configuration.end()) return;
  const auto mine = type->second.find(id);
  {
    const std::lock_guard lock(mutex);
    problems.clear();
  }
  FlowDefinitions wanted;
  try {
    if (mine != type->second.end()) wanted = parse_flow_definitions(mine->second);
  } catch (const Error& error) {
    return report("",
                  "config item active-flow/" + id + " is unusable, flows stay as they are: " + error.what());
  }
  for (const auto& [name, problem] : wanted.problems) report(name, problem);
  stop_unwanted(wanted);
  if (const auto failure = start_missing(wanted)) failure->raise();
}

void FlowProcessor::Parts::report(const std::string& name, const std::string& problem) {
  log::write(log::Level::error,
             name.empty() ? problem : "flow " + name + " does not run as configured: " + problem);
  const std::lock_guard lock(mutex);
  problems[name] = problem;
}

/// Those no longer named or with another definition. One whose definition is broken runs on as it was.
void FlowProcessor::Parts::stop_unwanted(const FlowDefinitions& wanted) {
  Flows leaving;
  {
    const std::lock_guard lock(mutex);
    for (auto it = flows.begin(); it != flows.end();) {
      const auto found = wanted.flows.find(it->first);
      const bool stays = found != wanted.flows.end() ? found->second == it->second->definition()
                                                     : wanted.problems.contains(it->first);
      if (stays) {
        ++it;
      } else {
        leaving.insert(flows.extract(it++));
      }
    }
  }
  for (const auto& [name, flow] : leaving) {
    flow->stop(stop_time);
    log::write(log::Level::info, "flow " + name + " stopped; its subscriptions are kept");
  }
}

/// Errors: none of its own; returns a failure that a later attempt may cure.
std::optional<Error> FlowProcessor::Parts::start_missing(const FlowDefinitions& wanted) {
  std::optional<Error> curable;
  for (const auto& [name, definition] : wanted.flows) {
    {
      const std::lock_guard lock(mutex);
      if (stopping) return std::nullopt;
      if (flows.contains(name)) continue;
    }
    try {
      start_one(name, definition);
    } catch (...) {
      const auto error = to_error(std::current_exception());
      report(name, error.what());
      if (error.retryable()) curable = error.with_context("flow " + name);
    }
  }
  return curable;
}

void FlowProcessor::Parts::start_one(const std::string& name, const FlowDefinition& definition) {
  const auto flow = std::make_shared<Flow>(bus, id, name, definition, options);
  for (const auto& spec : specs) spec->build(*flow);
  flow->start();
  bool late = false;
  {
    const std::lock_guard lock(mutex);
    late = stopping;
    if (!late) flows.emplace(name, flow);
  }
  if (late) {
    flow->stop(Duration::zero());
  } else {
    log::write(log::Level::info, "flow " + name + " started");
  }
}

FlowProcessor::FlowProcessor(Bus bus, Settings settings, ProcessorOptions options)
    : AsyncProcessor(std::move(bus), std::move(settings)),
      parts_(std::make_shared<Parts>(this->bus(), this->settings(), options)) {
  on_config(
      [parts = parts_](const Configuration& configuration, std::int64_t) { parts->apply(configuration); });
}

FlowProcessor::~FlowProcessor() { FlowProcessor::stop(); }

void FlowProcessor::add(std::unique_ptr<Spec> spec) {
  spec->check(parts_->bus, parts_->options);
  parts_->specs.push_back(std::move(spec));
}

std::vector<std::string> FlowProcessor::flows() const {
  std::vector<std::string> names;
  const std::lock_guard lock(parts_->mutex);
  for (const auto& [name, flow] : parts_->flows) names.push_back(name);
  return names;
}

void FlowProcessor::stop() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  AsyncProcessor::stop();
  Parts::Flows leaving;
  {
    const std::lock_guard lock(parts_->mutex);
    leaving.swap(parts_->flows);
  }
  for (const auto& [name, flow] : leaving) flow->drain();
  for (const auto& [name, flow] : leaving) flow->stop(time_left());
}

std::string FlowProcessor::ready() const {
  auto reason = AsyncProcessor::ready();
  const std::lock_guard lock(parts_->mutex);
  for (const auto& [name, problem] : parts_->problems) {
    if (!reason.empty()) reason += "; ";
    if (!name.empty()) reason.append("flow ").append(name).append(" does not run as configured: ");
    reason += problem;
  }
  return reason;
}

}  // namespace omnibus::framework
