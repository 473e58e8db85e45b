#pragma once

#include <memory>

#include <omnibus/framework/processor.hpp>

#include "services/text_completion/model.hpp"

namespace omnibus::text_completion {

/// Asks a model behind an OpenAI-compatible endpoint: TextCompletionRequest from `request`,
/// TextCompletionResponse to `response`, one or, when streaming, one per piece. Flow parameters `model` and
/// `temperature` go before the flags. Status 429 makes the request wait as TooManyRequests does; every other
/// failure is told to the requester. Metrics: text_completion_duration by id and flow,
/// text_completion_model_info by processor and flow. Threads: as FlowProcessor; each request in work holds
/// one.
class TextCompletionService : public framework::FlowProcessor {
 public:
  /// Errors: ConfigError when there is no key, or a flag's value makes no sense.
  TextCompletionService(Bus bus, Settings settings);
  ~TextCompletionService() override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});
};

}  // namespace omnibus::text_completion
