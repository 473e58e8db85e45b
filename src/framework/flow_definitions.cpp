#include "framework/flow_definitions.hpp"

#include <boost/json.hpp>

namespace omnibus::framework {
namespace {

namespace json = boost::json;

constexpr const char* expected = R"(expected {"flow": {"name": "queue or value"}})";

/// Why the value cannot be used; empty when it was added.
std::string add(FlowDefinition& definition, std::string_view key, const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_array() || value.is_object()) {
    return "'" + std::string(key) + "' is neither a text nor a number nor a boolean";
  }
  definition[std::string(key)] = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  return {};
}

}  // namespace

FlowDefinitions parse_flow_definitions(std::string_view text) {
  boost::system::error_code error;
  json::parser parser;
  const auto consumed = parser.write_some({text.data(), text.size()}, error);
  if (error || consumed < text.size()) {
    throw ConfigError("not a JSON text (offset " + std::to_string(consumed) +
                          "): " + (error ? error.message() : "extra characters"),
                      expected);
  }
  const auto whole = parser.release();
  if (!whole.is_object()) throw ConfigError("not a JSON object", expected);

  FlowDefinitions result;
  for (const auto& [flow, entries] : whole.get_object()) {
    const std::string id(flow);
    if (!entries.is_object()) {
      result.problems[id] = "its definition is not a JSON object";
      continue;
    }
    FlowDefinition definition;
    std::string problem;
    for (const auto& [key, value] : entries.get_object()) {
      if (problem.empty()) problem = add(definition, key, value);
    }
    if (problem.empty()) {
      result.flows[id] = std::move(definition);
    } else {
      result.problems[id] = std::move(problem);
    }
  }
  return result;
}

}  // namespace omnibus::framework
