#include "services/gateway/translate/config.hpp"

namespace omnibus::catalogue {

void from_fields(const gateway::Fields& fields, ConfigKey& key) {
  fields.require("type", key.type);
  fields.require("key", key.key);
}

void from_fields(const gateway::Fields& fields, ConfigValue& value) {
  fields.require("type", value.type);
  fields.require("key", value.key);
  fields.require("value", value.value);
}

boost::json::value to_json(const ConfigValue& value) {
  return boost::json::object{
      {"type", value.type}, {"key", value.key}, {"value", gateway::to_json(value.value)}};
}

}  // namespace omnibus::catalogue

namespace omnibus::gateway {

void translate(const Fields& fields, catalogue::ConfigRequest& request) {
  fields.read("operation", request.operation);
  fields.read("keys", request.keys);
  fields.read("type", request.type);
  fields.read("values", request.values);
}

void translate(const Fields& fields, config::ConfigCall& request) {
  fields.read("operation", request.operation);
  fields.read("if_version", request.if_version);
  if (!request.if_version) fields.read("if-version", request.if_version);  // as the other kinds write theirs
  fields.read("put", request.put);
  fields.read("delete", request.delete_);
}

boost::json::object translate(const catalogue::ConfigResponse& response) {
  boost::json::object result;
  put(result, "version", response.version);
  put(result, "values", response.values);
  put(result, "directory", response.directory);
  put(result, "config", response.config);
  return result;
}

}  // namespace omnibus::gateway
