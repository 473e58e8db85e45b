#pragma once

#include <memory>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/framework/flow.hpp>

#include "services/text_completion/model.hpp"

namespace omnibus::text_completion {

/// Answers one request. Errors: TooManyRequests; ClosedError when the service stops; ConfigError when nobody
/// can be answered; what the answer could not be sent for. Everything else the requester hears.
/// Threads: any; holds its caller.
void answer(Models& models, const Message<catalogue::TextCompletionRequest>& request,
            const framework::Context& context);

}  // namespace omnibus::text_completion
