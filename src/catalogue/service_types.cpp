#include "catalogue/tables.hpp"

#include <omnibus/catalogue/agent.hpp>
#include <omnibus/catalogue/collection.hpp>
#include <omnibus/catalogue/config.hpp>
#include <omnibus/catalogue/flow.hpp>
#include <omnibus/catalogue/library.hpp>
#include <omnibus/catalogue/llm.hpp>
#include <omnibus/catalogue/prompt.hpp>
#include <omnibus/schema/reflect.hpp>

namespace omnibus::catalogue {

std::span<const Entry> service_types() noexcept {
  static constexpr Entry table[] = {
      entry<AgentStep>(),
      entry<AgentRequest>(),
      entry<AgentResponse>(),
      entry<CollectionMetadata>(),
      entry<CollectionManagementRequest>(),
      entry<CollectionManagementResponse>(),
      entry<ConfigKey>(),
      entry<ConfigValue>(),
      entry<ConfigRequest>(),
      entry<ConfigResponse>(),
      entry<ConfigPush>(),
      entry<FlowRequest>(),
      entry<FlowResponse>(),
      entry<DocumentMetadata>(),
      entry<ProcessingMetadata>(),
      entry<Criteria>(),
      entry<LibrarianRequest>(),
      entry<LibrarianResponse>(),
      entry<TextCompletionRequest>(),
      entry<TextCompletionResponse>(),
      entry<EmbeddingsRequest>(),
      entry<EmbeddingsResponse>(),
      entry<ToolRequest>(),
      entry<ToolResponse>(),
      entry<PromptRequest>(),
      entry<PromptResponse>(),
  };
  return table;
}

}  // namespace omnibus::catalogue
