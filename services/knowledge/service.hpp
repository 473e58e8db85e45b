#pragma once

#include <memory>

#include <omnibus/framework/processor.hpp>

namespace omnibus::knowledge {

/// The knowledge manager: keeps knowledge cores and loads them into flows. Answers on
/// `q0/tg/request/knowledge`.
/// Threads: as AsyncProcessor; `--knowledge-concurrency` requests at once, and one of its own that loads.
class KnowledgeService : public framework::AsyncProcessor {
 public:
  /// Opens the file named by flag `knowledge-store`. Errors: Error{conflict}, retryable, when another one
  /// uses it; as Store.
  KnowledgeService(Bus bus, Settings settings);
  ~KnowledgeService() override;

  void start() override;
  void stop() override;
  std::string ready() const override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

/// Adds the flag `knowledge-store`.
Flags store_flag(Flags flags);

}  // namespace omnibus::knowledge
