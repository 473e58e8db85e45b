#pragma once

#include <memory>
#include <string>
#include <vector>

#include <omnibus/bus.hpp>
#include <omnibus/framework/config_receiver.hpp>

#include "services/gateway/gateway.hpp"
#include "services/gateway/server/handler.hpp"

namespace omnibus::gateway {

struct DispatchOptions {
  std::string id = "api-gateway";
  Duration timeout = std::chrono::seconds(600);
  HttpErrors http_errors = HttpErrors::compatible;
  std::size_t body_limit = 256u << 20;  ///< largest exported core, bytes
  std::map<std::string, ServiceQueues> queues = {};
  std::string config_push_queue = "q2/tg/config/config";  ///< shown by the status
  bool whole_system = false;                              ///< as in GatewayOptions
  /// How long a request waits for the first configuration, and an answer to start-flow or stop-flow for the
  /// configuration that it made.
  Duration settle = std::chrono::seconds(5);
};

/// Takes requests from the sockets to their queues and brings the answers back. Its dispatchers are made on
/// first use, once per flow and kind, and go when the flow goes or changes.
/// Threads: any; the work is done on the Bus's pool.
class Dispatch final : public Handler {
 public:
  struct Core;  // core.hpp

  Dispatch(Bus bus, DispatchOptions options);
  ~Dispatch() override;

  void http(HttpCall call, Reply reply) override;
  void core(CoreCall call, Reply reply) override;
  void frame(std::string text, std::string request_id, Reply reply) override;
  std::shared_ptr<Channel> open(FlowSocket socket, Reply reply) override;
  void ready(Reply reply) override;
  void status(Reply reply) override;
  void count(std::string_view route, unsigned status) override;
  void cut_off(std::string_view why) override;
  Answer body_too_large(std::size_t limit) override;

  void configure(const framework::Configuration& configuration);
  /// What requests cannot be served without, empty when nothing is missing. May wait for the broker.
  std::vector<std::string> missing() const;
  /// Ends what still runs and lets go of every dispatcher, within `timeout` or little more.
  void stop(Duration timeout = Duration::zero()) noexcept;

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace omnibus::gateway
