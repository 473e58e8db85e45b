#pragma once

#include <map>
#include <optional>
#include <string>

namespace omnibus::flow {

/// What a flow offers to others: interface → queue. Interfaces that are pairs of queues are not among them.
using Interfaces = std::map<std::string, std::string>;

/// Reads them from the text of configuration type `flow`; empty when it has none at all.
/// Errors: ConfigError naming the flow when the text is no JSON. Threads: pure.
std::optional<Interfaces> interfaces_of(const std::string& flow, const std::string& definition);

}  // namespace omnibus::flow
