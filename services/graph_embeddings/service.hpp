#pragma once

#include <omnibus/catalogue/graph.hpp>
#include <omnibus/framework/flow.hpp>
#include <omnibus/framework/processor.hpp>

namespace omnibus::graph_embeddings {

/// Adds vectors to entities: EntityContexts from `input`, one GraphEmbeddings of all its entities to
/// `output`, metadata unchanged; a client of `embeddings-request` and `embeddings-response`. Entities without
/// context are left out. The message is acknowledged when the broker has confirmed the output; after any
/// failure it comes again. Threads: as FlowProcessor; none waits for an answer.
class GraphEmbeddingsService : public framework::FlowProcessor {
 public:
  GraphEmbeddingsService(Bus bus, Settings settings);
  ~GraphEmbeddingsService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});
};

/// The handler of `input`. Threads: any; none waits.
void embed_entities(const Message<catalogue::EntityContexts>& message, const framework::Context& context,
                    framework::HandlerDone done);

}  // namespace omnibus::graph_embeddings
