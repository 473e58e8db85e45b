#pragma once

#include <omnibus/catalogue/flow.hpp>

#include "services/gateway/translate/fields.hpp"

namespace omnibus::gateway {

/// operation, blueprint-name?, blueprint-definition?, description?, flow-id?, parameters?. A parameter that
/// is no text becomes the text that the flow service would make of it.
void translate(const Fields& fields, catalogue::FlowRequest& request);
/// blueprint-names, flow-ids, blueprint-definition, flow, description, parameters: each unless empty.
boost::json::object translate(const catalogue::FlowResponse& response);

}  // namespace omnibus::gateway
