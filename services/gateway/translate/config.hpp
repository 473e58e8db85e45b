#pragma once

#include <omnibus/catalogue/config.hpp>

#include "services/config/messages.hpp"
#include "services/gateway/translate/fields.hpp"

namespace omnibus::catalogue {

void from_fields(const gateway::Fields& fields, ConfigKey& key);
void from_fields(const gateway::Fields& fields, ConfigValue& value);
boost::json::value to_json(const ConfigValue& value);

}  // namespace omnibus::catalogue

namespace omnibus::gateway {

/// operation, type?, keys? [{type,key}], values? [{type,key,value}].
void translate(const Fields& fields, catalogue::ConfigRequest& request);
/// The operation `apply` with if_version?, put? and delete?.
void translate(const Fields& fields, config::ConfigCall& request);
/// version, values, directory, config: each unless empty.
boost::json::object translate(const catalogue::ConfigResponse& response);

}  // namespace omnibus::gateway
