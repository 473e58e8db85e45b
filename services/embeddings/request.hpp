#pragma once

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/framework/flow.hpp>

#include "services/embeddings/models.hpp"

namespace omnibus::embeddings {

/// Answers one request. Errors: TooManyRequests; ClosedError when the service stops; ConfigError when nobody
/// can be answered; what the answer could not be sent for. Everything else the requester hears as
/// embeddings-error. Threads: any; holds its caller.
void answer(Models& models, const Message<catalogue::EmbeddingsRequest>& request,
            const framework::Context& context);

}  // namespace omnibus::embeddings
