#pragma once

#include <omnibus/framework/processor.hpp>

namespace omnibus::knowledge {

/// Keeps what flows find: Triples from `triples-input` and GraphEmbeddings from `graph-embeddings-input` go
/// into the knowledge core that their metadata name. A message that comes again is kept once.
/// Threads: as FlowProcessor.
class KgStoreService : public framework::FlowProcessor {
 public:
  /// Opens the file named by flag `knowledge-store`, which the knowledge service may have open too.
  KgStoreService(Bus bus, Settings settings);
  ~KgStoreService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});
};

}  // namespace omnibus::knowledge
