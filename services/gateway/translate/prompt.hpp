#pragma once

#include <omnibus/catalogue/prompt.hpp>

#include "services/gateway/translate/keys.hpp"

namespace omnibus::gateway {

/// `variables` win over `terms`.
template <>
inline constexpr auto keys<catalogue::PromptRequest> =
    keys_of(key("id", &catalogue::PromptRequest::id), key("terms", &catalogue::PromptRequest::terms, texts),
            key("variables", &catalogue::PromptRequest::terms, rule::JsonTexts{}),
            key("streaming", &catalogue::PromptRequest::streaming));

template <>
inline constexpr auto keys<catalogue::PromptResponse> =
    keys_of(shown("text", &catalogue::PromptResponse::text, unless_null),
            shown("object", &catalogue::PromptResponse::object, unless_null),
            shown("end_of_stream", &catalogue::PromptResponse::end_of_stream));

template <>
inline constexpr Last<catalogue::PromptResponse> is_last<catalogue::PromptResponse> =
    ends_stream<catalogue::PromptResponse>;

}  // namespace omnibus::gateway
