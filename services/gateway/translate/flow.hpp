#pragma once

#include <omnibus/catalogue/flow.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::FlowRequest> =
    keys_of(key("operation", &catalogue::FlowRequest::operation),
            key("blueprint-name", &catalogue::FlowRequest::blueprint_name),
            key("blueprint-definition", &catalogue::FlowRequest::blueprint_definition),
            key("description", &catalogue::FlowRequest::description),
            key("flow-id", &catalogue::FlowRequest::flow_id),
            key("parameters", &catalogue::FlowRequest::parameters, rule::PythonTexts{}));

template <>
inline constexpr auto keys<catalogue::FlowResponse> =
    keys_of(shown("blueprint-names", &catalogue::FlowResponse::blueprint_names, unless_null),
            shown("flow-ids", &catalogue::FlowResponse::flow_ids, unless_null),
            shown("blueprint-definition", &catalogue::FlowResponse::blueprint_definition, unless_null),
            shown("flow", &catalogue::FlowResponse::flow, unless_null),
            shown("description", &catalogue::FlowResponse::description, unless_null),
            shown("parameters", &catalogue::FlowResponse::parameters, unless_null));

}  // namespace omnibus::gateway
