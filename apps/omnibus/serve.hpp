#pragma once

/// What the commands that run services share.

#include <memory>
#include <string>
#include <string_view>

#include <omnibus/framework/processor.hpp>
#include <omnibus/framework/program.hpp>

#include "services/gateway/gateway.hpp"

namespace omnibus::app {

/// Default ids, as the existing system has them: they are part of subscription names.
inline constexpr std::string_view gateway_id = "api-gateway";
inline constexpr std::string_view config_id = "config-svc";
inline constexpr std::string_view flow_id = "flow-svc";
inline constexpr std::string_view chunker_id = "chunker";

/// The end of a service's --help: `examples`, one a line, then the exit status.
std::string service_epilogue(std::string_view examples);

/// Runs one service. Exit status as in its --help.
template <class Service>
int run_service(const Settings::About& about, const std::vector<std::string>& arguments) {
  return framework::run_program<Service>(Settings::parse(about, arguments, Service::flags()));
}

/// The gateway as a processor, so that it starts and stops like the other services.
/// Threads: as AsyncProcessor.
class GatewayService : public framework::AsyncProcessor {
 public:
  /// Errors: ConfigError for a flag's value.
  GatewayService(Bus bus, Settings settings);
  ~GatewayService() override;

  void start() override;
  void stop() override;
  std::string ready() const override;
  /// What clients connect to, after start().
  std::string url() const;

  /// `flags` and what the gateway adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  gateway::Gateway gateway_;
};

}  // namespace omnibus::app
