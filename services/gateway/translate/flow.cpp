#include "services/gateway/translate/flow.hpp"

#include "services/json/python_text.hpp"

namespace omnibus::gateway {

namespace {

std::map<std::string, std::string> parameters_of(const Fields& fields, const boost::json::value& value) {
  const auto* given = value.if_object();
  if (given == nullptr) {
    throw TranslationError(fields.path_of("parameters") + ": expected an object, got " +
                           std::string(kind_name(value)));
  }
  std::map<std::string, std::string> result;
  for (const auto& [key, item] : *given) result[std::string(key)] = json::python_text(item);
  return result;
}

}  // namespace

void translate(const Fields& fields, catalogue::FlowRequest& request) {
  fields.read("operation", request.operation);
  fields.read("blueprint-name", request.blueprint_name);
  fields.read("blueprint-definition", request.blueprint_definition);
  fields.read("description", request.description);
  fields.read("flow-id", request.flow_id);
  if (const auto* parameters = fields.find("parameters"))
    request.parameters = parameters_of(fields, *parameters);
}

boost::json::object translate(const catalogue::FlowResponse& response) {
  boost::json::object result;
  put(result, "blueprint-names", response.blueprint_names);
  put(result, "flow-ids", response.flow_ids);
  put(result, "blueprint-definition", response.blueprint_definition);
  put(result, "flow", response.flow);
  put(result, "description", response.description);
  put(result, "parameters", response.parameters);
  return result;
}

}  // namespace omnibus::gateway
