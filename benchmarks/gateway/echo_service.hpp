#pragma once

/// A service that answers at once, for measuring what lies in front of it.

#include <memory>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/framework/processor.hpp>

#include "services/rpc/server.hpp"

namespace omnibus::benchmarks {

/// text-completion whose answer is the prompt, on the queues of flow `bench`. Threads: as AsyncProcessor.
class EchoService final : public framework::AsyncProcessor {
 public:
  EchoService(const Bus& bus, const Settings& settings);
  ~EchoService() override;

  void start() override;
  void stop() override;

  static constexpr const char* request_queue = "q0/tg/request/text-completion:bench";
  static constexpr const char* response_queue = "q0/tg/response/text-completion:bench";
  /// The flow's definition, as the configuration has it.
  static std::string flow_definition();

 private:
  rpc::Server<catalogue::TextCompletionRequest, catalogue::TextCompletionResponse> server_;
};

}  // namespace omnibus::benchmarks
