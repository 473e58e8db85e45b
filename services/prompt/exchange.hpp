#pragma once

#include <memory>

#include <omnibus/catalogue/prompt.hpp>
#include <omnibus/framework/flow.hpp>

#include "services/prompt/prompts.hpp"

namespace omnibus::prompt {

/// How long the model may take for an answer, or for one piece of it.
inline constexpr Duration model_patience = std::chrono::seconds(600);

/// Answers one request. `done` hears of a failure only when the request is to come again: it cannot be
/// answered, or the service stops. Everything else the requester hears. Threads: any; none waits.
void answer(const std::shared_ptr<const Prompts>& prompts, const Message<catalogue::PromptRequest>& request,
            const framework::Context& context, framework::HandlerDone done);

}  // namespace omnibus::prompt
