#pragma once

/// What a template can call: filters behind `|`, functions and methods with brackets. Threads: pure
/// functions.

#include <string_view>
#include <vector>

#include "services/prompt/template/value.hpp"

namespace omnibus::prompt {

using Arguments = std::vector<Value>;

/// Takes the value, then what stands in the brackets. Errors: ConfigError when a value does not fit.
using Filter = Value (*)(const Value& item, const Arguments& arguments);

/// Null when there is no such filter.
Filter find_filter(std::string_view name);

/// `range(…)`, or a method of text or an object: `terms.items()`, `name.upper()`. `object` is what stands
/// before the last dot. Errors: ConfigError when there is no such function, or a value does not fit.
Value call_function(const Value& object, std::string_view name, const Arguments& arguments);

/// Text with `& < > " '` as entities.
std::string escaped(std::string_view text);

}  // namespace omnibus::prompt
