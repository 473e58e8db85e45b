#pragma once

/// The gateway as a program of its own.

#include <omnibus/framework/processor.hpp>
#include <omnibus/settings.hpp>

#include "services/gateway/gateway.hpp"

namespace omnibus::gateway {

/// The gateway's own flags, added to these.
Flags gateway_flags(Flags flags = {});
/// What the flags and the common settings ask for. Errors: ConfigError for values out of range.
GatewayOptions gateway_options(const Settings& settings);

/// Threads: as AsyncProcessor.
class GatewayProcessor final : public framework::AsyncProcessor {
 public:
  GatewayProcessor(const Bus& bus, const Settings& settings);
  GatewayProcessor(const Bus& bus, const Settings& settings, const GatewayOptions& options);
  ~GatewayProcessor() override;

  /// Errors: as Gateway::start, but a port that cannot be had is a ConfigError.
  void start() override;
  /// Errors: TimeoutError when requests were cut off, after everything has stopped.
  void stop() override;
  std::string ready() const override;
  /// After start().
  std::uint16_t port() const noexcept { return gateway_.port(); }

 private:
  Gateway gateway_;
};

}  // namespace omnibus::gateway
