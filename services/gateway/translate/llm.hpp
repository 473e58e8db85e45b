#pragma once

#include <omnibus/catalogue/llm.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

template <>
inline constexpr auto keys<catalogue::TextCompletionRequest> =
    keys_of(key("system", &catalogue::TextCompletionRequest::system, required),
            key("prompt", &catalogue::TextCompletionRequest::prompt, required),
            key("streaming", &catalogue::TextCompletionRequest::streaming));

template <>
inline constexpr auto keys<catalogue::TextCompletionResponse> =
    keys_of(shown("response", &catalogue::TextCompletionResponse::response),
            shown("in_token", &catalogue::TextCompletionResponse::in_token, truthy),
            shown("out_token", &catalogue::TextCompletionResponse::out_token, truthy),
            shown("model", &catalogue::TextCompletionResponse::model, truthy),
            shown("end_of_stream", &catalogue::TextCompletionResponse::end_of_stream));

template <>
inline constexpr Last<catalogue::TextCompletionResponse> is_last<catalogue::TextCompletionResponse> =
    ends_stream<catalogue::TextCompletionResponse>;

template <>
inline constexpr auto keys<catalogue::EmbeddingsRequest> =
    keys_of(key("text", &catalogue::EmbeddingsRequest::text, required));

template <>
inline constexpr auto keys<catalogue::EmbeddingsResponse> =
    keys_of(shown("vectors", &catalogue::EmbeddingsResponse::vectors));

template <>
inline constexpr auto keys<catalogue::ToolRequest> =
    keys_of(key("name", &catalogue::ToolRequest::name),
            key("parameters", &catalogue::ToolRequest::parameters, rule::JsonText{}));

template <>
inline constexpr auto keys<catalogue::ToolResponse> =
    keys_of(shown("text", &catalogue::ToolResponse::text, truthy),
            shown("object", &catalogue::ToolResponse::object, rule::Decoded{.strict = true}));

}  // namespace omnibus::gateway
