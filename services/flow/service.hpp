#pragma once

#include <memory>

#include <omnibus/framework/processor.hpp>

namespace omnibus::flow {

/// The flow service: answers on `q0/tg/request/flow`, starts and stops flows by changing the configuration,
/// and removes the subscriptions of flows that have been gone for `--flow-grace`.
/// Threads: as AsyncProcessor; one more of its own, asleep until a subscription is due.
class FlowService : public framework::AsyncProcessor {
 public:
  /// Opens the file named by flag `flow-ledger`. Errors: as Ledger.
  FlowService(Bus bus, Settings settings);
  ~FlowService() override;

  void start() override;
  void stop() override;
  std::string ready() const override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace omnibus::flow
