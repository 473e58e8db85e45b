#pragma once

/// The parameters of a flow: what its user gave, what parameter types default to, what controls what.
/// Threads: pure functions.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

namespace omnibus::flow {

/// Name and text, in the order in which they were resolved; later ones may replace inside earlier ones.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The definition of a parameter type, JSON text; empty when there is none of that name.
using TypeLookup = std::function<std::optional<std::string>(std::string_view type)>;

/// Source: trustgraph services, "Parameter resolution".
/// Errors: ConfigError for a required parameter without value, or a malformed definition.
Parameters resolve_parameters(const boost::json::object& blueprint, const TypeLookup& type,
                              const boost::json::object& given);

/// Replaces `{blueprint}`, then `{id}`, then each `{parameter}` in order. Unknown placeholders stay.
std::string substitute(std::string_view text, std::string_view blueprint, std::string_view id,
                       const Parameters& parameters);

}  // namespace omnibus::flow
