#pragma once

#include <optional>
#include <string>

#include <boost/json/value.hpp>

namespace omnibus::prompt {

/// What the JSON Schema finds wrong with `instance`, in the words that Python's jsonschema has for it;
/// nothing when it is as it should be. Limits: the keywords up to draft 7; texts under a `pattern` up to 4
/// KiB. Errors: ConfigError when the schema itself is malformed. Threads: pure.
std::optional<std::string> schema_failure(const boost::json::value& schema,
                                          const boost::json::value& instance);

}  // namespace omnibus::prompt
