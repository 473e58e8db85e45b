#pragma once

#include <omnibus/framework/processor.hpp>

namespace omnibus::triples {

/// Answers questions to the triples store: TriplesQueryRequest from `request`, TriplesQueryResponse to
/// `response`. Metrics: triples_found (processor, flow). Threads: as FlowProcessor; `--concurrency` questions
/// at once, each with a connection of its own to the file.
class TriplesQueryService : public framework::FlowProcessor {
 public:
  /// Opens the store. Errors: as Reader; ConfigError for flags out of range.
  TriplesQueryService(Bus bus, Settings settings);
  ~TriplesQueryService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});
};

}  // namespace omnibus::triples
