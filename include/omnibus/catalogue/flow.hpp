#pragma once

/// The flow service. docs/schemas.md tells which fields may be absent and why.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/catalogue/core.hpp>

namespace omnibus::catalogue {

inline constexpr std::string_view flow_request_queue = "q0/tg/request/flow";
inline constexpr std::string_view flow_response_queue = "q0/tg/response/flow";

/// Operations on blueprints and flows.
struct FlowRequest {
  std::string operation = {};
  std::optional<std::string> blueprint_name = std::nullopt;
  std::optional<std::string> blueprint_definition = std::nullopt;
  std::optional<std::string> description = std::nullopt;
  std::optional<std::string> flow_id = std::nullopt;
  std::optional<std::map<std::string, std::string>> parameters = std::nullopt;

  friend bool operator==(const FlowRequest&, const FlowRequest&) = default;
};

/// The answer to a FlowRequest; only what the operation asks for is there.
struct FlowResponse {
  std::optional<std::vector<std::string>> blueprint_names = std::nullopt;
  std::optional<std::vector<std::string>> flow_ids = std::nullopt;
  std::optional<std::string> blueprint_definition = std::nullopt;
  std::optional<std::string> flow = std::nullopt;
  std::optional<std::string> description = std::nullopt;
  std::optional<std::map<std::string, std::string>> parameters = std::nullopt;
  std::optional<Error> error = std::nullopt;

  friend bool operator==(const FlowResponse&, const FlowResponse&) = default;
};

}  // namespace omnibus::catalogue
