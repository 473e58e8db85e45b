#pragma once

#include <map>
#include <string>
#include <string_view>

#include <omnibus/framework/flow.hpp>

namespace omnibus::framework {

struct FlowDefinitions {
  std::map<std::string, FlowDefinition> flows;
  std::map<std::string, std::string> problems;  ///< flow → why its definition cannot be used
};

/// Reads `{flow: {name: text}}`. Numbers and booleans become their JSON text, null counts as absent; anything
/// else in a flow is that flow's problem alone. Errors: ConfigError when the whole is not such a JSON text.
FlowDefinitions parse_flow_definitions(std::string_view json);

}  // namespace omnibus::framework
