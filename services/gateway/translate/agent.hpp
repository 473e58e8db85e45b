#pragma once

#include <omnibus/catalogue/agent.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::AgentStep> =
    keys_of(key("thought", &catalogue::AgentStep::thought), key("action", &catalogue::AgentStep::action),
            key("arguments", &catalogue::AgentStep::arguments, texts),
            key("observation", &catalogue::AgentStep::observation), key("user", &catalogue::AgentStep::user));

template <>
inline constexpr auto keys<catalogue::AgentRequest> =
    keys_of(key("question", &catalogue::AgentRequest::question, required),
            key("state", &catalogue::AgentRequest::state), key("group", &catalogue::AgentRequest::group),
            key("history", &catalogue::AgentRequest::history),
            key("user", &catalogue::AgentRequest::user, user_or_default),
            key("streaming", &catalogue::AgentRequest::streaming));

template <>
inline constexpr auto keys<catalogue::AgentResponse> =
    keys_of(shown("chunk_type", &catalogue::AgentResponse::chunk_type, truthy),
            shown("content", &catalogue::AgentResponse::content, truthy),
            shown("answer", &catalogue::AgentResponse::answer, truthy),
            shown("thought", &catalogue::AgentResponse::thought, truthy),
            shown("observation", &catalogue::AgentResponse::observation, truthy),
            shown("end_of_message", &catalogue::AgentResponse::end_of_message),
            shown("end_of_dialog", &catalogue::AgentResponse::end_of_dialog));

/// A streamed piece has no whole step's keys, and the other way round.
inline boost::json::object answer(const catalogue::AgentResponse& response) {
  auto part = response;
  if (part.chunk_type.empty()) {
    part.content.clear();
  } else {
    part.answer = part.thought = part.observation = std::nullopt;
  }
  return write_keys(part);
}

inline bool ends_dialog(const catalogue::AgentResponse& response) {
  return response.chunk_type.empty() ? response.answer.has_value() : response.end_of_dialog;
}
template <>
inline constexpr Last<catalogue::AgentResponse> is_last<catalogue::AgentResponse> = ends_dialog;

}  // namespace omnibus::gateway
