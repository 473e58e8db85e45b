#pragma once

#include <omnibus/catalogue/document.hpp>
#include <omnibus/framework/flow.hpp>
#include <omnibus/framework/processor.hpp>

namespace omnibus::document_embeddings {

/// Adds vectors to chunks: Chunk from `input`, DocumentEmbeddings to `output`, metadata unchanged; a client
/// of `embeddings-request` and `embeddings-response`. A chunk is acknowledged when the broker has confirmed
/// the output; after any failure it comes again. Threads: as FlowProcessor; none waits for an answer.
class DocumentEmbeddingsService : public framework::FlowProcessor {
 public:
  DocumentEmbeddingsService(Bus bus, Settings settings);
  ~DocumentEmbeddingsService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});
};

/// The handler of `input`. Threads: any; none waits.
void embed_chunk(const Message<catalogue::Chunk>& message, const framework::Context& context,
                 framework::HandlerDone done);

}  // namespace omnibus::document_embeddings
