#pragma once

#include <functional>

#include <omnibus/catalogue/flow.hpp>
#include <omnibus/time.hpp>

#include "services/config/client.hpp"

namespace omnibus::flow {

/// Answers requests on blueprints and flows. Every start and stop is one `apply`, planned again when somebody
/// else changed the configuration in between.
/// Threads: one caller at a time.
class Requests {
 public:
  /// `now` is the clock that ends planning again.
  explicit Requests(config::Access& config, std::function<TimePoint()> now = Clock::now)
      : config_(config), now_(std::move(now)) {}

  /// Never throws: a failure is an answer with an error. Source: trustgraph services, "Flow service".
  catalogue::FlowResponse handle(const catalogue::FlowRequest& request) noexcept;

 private:
  using Plan = std::function<config::Change(const config::Values&)>;

  void answer(const catalogue::FlowRequest& request, catalogue::FlowResponse& response);
  void get_flow(const catalogue::FlowRequest& request, catalogue::FlowResponse& response);
  void start_flow(const catalogue::FlowRequest& request);
  void apply(const config::Change& change);
  void apply(const Plan& plan);

  config::Access& config_;
  const std::function<TimePoint()> now_;
};

/// An answer that carries nothing but an error.
catalogue::FlowResponse error_answer(std::string_view type, std::string_view message);

}  // namespace omnibus::flow
