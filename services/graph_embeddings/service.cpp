#include "services/graph_embeddings/service.hpp"

#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/graph.hpp>
#include <omnibus/log.hpp>

#include "services/embeddings/embed_and_send.hpp"
#include "services/flags/at_least.hpp"

namespace omnibus::graph_embeddings {
using catalogue::EntityContexts;
using catalogue::GraphEmbeddings;

void embed_entities(const Message<EntityContexts>& message, const framework::Context& context,
                    framework::HandlerDone done) {
  GraphEmbeddings out{.metadata = message->metadata};
  std::vector<std::string> texts;
  for (const auto& each : message->entities) {
    if (each.context.empty()) {
      log::write(log::Level::warning, "an entity without context has no vector, it is left out");
      continue;
    }
    out.entities.push_back({.entity = each.entity});
    texts.push_back(each.context);
  }
  embeddings::embed_and_send<GraphEmbeddings>(
      context, std::move(texts),
      [out = std::move(out)](std::vector<embeddings::Vectors> vectors) mutable {
        for (std::size_t i = 0; i < vectors.size(); ++i) out.entities[i].vectors = std::move(vectors[i]);
        return std::move(out);
      },
      std::move(done));
}

GraphEmbeddingsService::GraphEmbeddingsService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  add<embeddings::ClientSpec>();
  add<framework::ProducerSpec<GraphEmbeddings>>("output");
  add<framework::ConsumerSpec<EntityContexts>>("input",
                                               framework::AsyncHandler<EntityContexts>(embed_entities),
                                               flags::at_least(1, this->settings(), "concurrency"));
}

GraphEmbeddingsService::~GraphEmbeddingsService() { GraphEmbeddingsService::stop(); }

Flags GraphEmbeddingsService::flags(Flags flags) {
  return FlowProcessor::flags(std::move(flags))
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::graph_embeddings
