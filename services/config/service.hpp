#pragma once

#include <memory>

#include <omnibus/framework/processor.hpp>

#include "services/config/messages.hpp"

namespace omnibus::config {

/// The configuration service: answers on `q0/tg/request/config`, pushes the whole configuration after each
/// change and once at its start. Requests are handled one at a time.
/// Threads: as AsyncProcessor.
class ConfigService : public framework::AsyncProcessor {
 public:
  /// Opens the store named by flag `config-store`. Errors: as Store.
  ConfigService(Bus bus, Settings settings);
  ~ConfigService() override;

  void start() override;
  void stop() override;
  std::string ready() const override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace omnibus::config
