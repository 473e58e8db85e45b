#pragma once

/// What starting and stopping a flow changes in the configuration. Nothing here talks to anybody.
/// Threads: pure functions.

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "services/config/store.hpp"

namespace omnibus::flow {

/// Configuration types.
inline constexpr std::string_view blueprint_type = "flow-blueprint";
inline constexpr std::string_view flow_type = "flow";
inline constexpr std::string_view active_type = "active-flow";
inline constexpr std::string_view parameter_type = "parameter-type";

struct Start {
  std::optional<std::string> blueprint;
  std::optional<std::string> id;
  std::optional<std::string> description;
  boost::json::object parameters = {};
};

/// The text under (type, key); null when there is none. Valid as long as `values`.
const std::string* find(const config::Values& values, std::string_view type, std::string_view key);

/// Errors, in this order: `No blueprint name`, `No flow ID`, `Flow already exists`, `No description`,
/// `Blueprint does not exist`; then what is malformed in the blueprint or its parameters.
/// Source: trustgraph services, "start-flow".
config::Change plan_start(const config::Values& values, const Start& start);

/// Errors, in this order: `No flow ID`, `Flow ID invalid`, `Blueprint does not exist`; then what is
/// malformed. Source: trustgraph services, "stop-flow".
config::Change plan_stop(const config::Values& values, const std::optional<std::string>& id);

}  // namespace omnibus::flow
