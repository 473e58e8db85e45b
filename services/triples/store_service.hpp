#pragma once

#include <memory>
#include <string>

#include <omnibus/framework/processor.hpp>

namespace omnibus::triples {

class Batcher;

/// Keeps triples: Triples from `input` into the file `--triples-store`. A message is acknowledged when all of
/// it is on disk; one that comes again changes nothing. The collections are those of the configuration.
/// Metrics: as Batcher. Threads: as FlowProcessor.
class TriplesStoreService : public framework::FlowProcessor {
 public:
  /// Opens the store. Errors: as Writer; ConfigError for flags out of range.
  TriplesStoreService(Bus bus, Settings settings);
  ~TriplesStoreService() override;

  void stop() override;
  /// Also says why the store cannot be written.
  std::string ready() const override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  const std::shared_ptr<Batcher> batcher_;
};

}  // namespace omnibus::triples
