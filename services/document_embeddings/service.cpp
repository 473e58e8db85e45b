#include "services/document_embeddings/service.hpp"

#include <omnibus/catalogue/document.hpp>
#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/log.hpp>

#include "services/embeddings/embed_and_send.hpp"
#include "services/flags/at_least.hpp"

namespace omnibus::document_embeddings {
using catalogue::Chunk;
using catalogue::DocumentEmbeddings;

void embed_chunk(const Message<Chunk>& chunk, const framework::Context& context,
                 framework::HandlerDone done) {
  const auto text = chunk->chunk.str();
  if (text.empty()) {
    log::write(log::Level::warning, "an empty chunk has no vector, it is left out");
    return done(nullptr);
  }
  embeddings::embed_and_send<DocumentEmbeddings>(
      context, {text},
      [input = chunk.value()](std::vector<embeddings::Vectors> vectors) {
        DocumentEmbeddings out{.metadata = input.metadata};
        out.chunks.push_back({.chunk = input.chunk, .vectors = std::move(vectors.front())});
        return out;
      },
      std::move(done));
}

DocumentEmbeddingsService::DocumentEmbeddingsService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  add<embeddings::ClientSpec>();
  add<framework::ProducerSpec<DocumentEmbeddings>>("output");
  add<framework::ConsumerSpec<Chunk>>("input", framework::AsyncHandler<Chunk>(embed_chunk),
                                      flags::at_least(1, this->settings(), "concurrency"));
}

DocumentEmbeddingsService::~DocumentEmbeddingsService() { DocumentEmbeddingsService::stop(); }

Flags DocumentEmbeddingsService::flags(Flags flags) {
  return FlowProcessor::flags(std::move(flags))
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::document_embeddings
