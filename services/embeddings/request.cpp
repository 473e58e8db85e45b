#include "services/embeddings/request.hpp"

#include "services/http/stopwatch.hpp"
#include "services/rpc/replies.hpp"

namespace omnibus::embeddings {

using catalogue::EmbeddingsResponse;

void answer(Models& models, const Message<catalogue::EmbeddingsRequest>& request,
            const framework::Context& context) {
  rpc::Replies<EmbeddingsResponse> replies(context, request, "an embeddings");
  replies.guarded(
      [&] {
        const http::Stopwatch watch(context, "embeddings_duration", "Embeddings duration (seconds)");
        EmbeddingsResponse out;
        out.vectors.emplace().push_back(
            models.embed(request->text, context.in->parameter("model"), context.stop));
        replies.send(out);
      },
      [](std::string reason) {
        return EmbeddingsResponse{.error = catalogue::Error{"embeddings-error", std::move(reason)}};
      });
}

}  // namespace omnibus::embeddings
