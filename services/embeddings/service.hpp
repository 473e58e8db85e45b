#pragma once

#include <string>

#include <omnibus/framework/processor.hpp>

namespace omnibus::embeddings {

/// Asks a model behind an OpenAI-compatible or an Ollama endpoint for the vector of a text: EmbeddingsRequest
/// from `request`, EmbeddingsResponse to `response`. The flow parameter `model` goes before the flag. Status
/// 429 makes the request wait as TooManyRequests does; every other failure is told to the requester.
/// Metrics: embeddings_duration by id and flow. Threads: as FlowProcessor; each request in work holds one.
class EmbeddingsService : public framework::FlowProcessor {
 public:
  /// `prefix` stands before the names `kind` and `model` of the flags ("embeddings-" where other services
  /// have a model too). Errors: ConfigError when there is no key, or a flag's value makes no sense.
  EmbeddingsService(Bus bus, Settings settings, const std::string& prefix = {});
  ~EmbeddingsService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {}, const std::string& prefix = {});
};

}  // namespace omnibus::embeddings
