#include "services/gateway/dispatch/services.hpp"

#include <array>

#include "services/gateway/dispatch/pass_through.hpp"
#include "services/gateway/translate/agent.hpp"
#include "services/gateway/translate/collection.hpp"
#include "services/gateway/translate/config.hpp"
#include "services/gateway/translate/document.hpp"
#include "services/gateway/translate/flow.hpp"
#include "services/gateway/translate/knowledge.hpp"
#include "services/gateway/translate/library.hpp"
#include "services/gateway/translate/llm.hpp"
#include "services/gateway/translate/prompt.hpp"
#include "services/gateway/translate/query.hpp"
#include "services/gateway/translate/retrieval.hpp"
#include "services/gateway/translate/store.hpp"
#include "services/gateway/translate/structured.hpp"

namespace omnibus::gateway {

namespace {

template <class Request, class Response>
std::unique_ptr<Dispatcher> requester(const DispatcherPlan& plan) {
  const typename Requester<Request, Response>::Encode encode = answer;
  return std::make_unique<Requester<Request, Response>>(plan, encode, is_last<Response>);
}

template <class Message>
std::unique_ptr<Dispatcher> loader(const DispatcherPlan& plan) {
  return std::make_unique<Loader<Message>>(plan);
}

bool is_apply(const boost::json::value& body) {
  const auto* object = body.if_object();
  const auto* operation = object != nullptr ? object->if_contains("operation") : nullptr;
  return operation != nullptr && operation->is_string() && operation->get_string() == "apply";
}

using namespace catalogue;  // NOLINT(google-build-using-namespace): the tables' types

constexpr std::array<ServiceType, 6> globals = {{
    {"config", "config/apply", true, requester<config::ConfigCall, ConfigResponse>, is_apply,
     config_request_queue, config_response_queue},
    {"config", "config", true, requester<ConfigRequest, ConfigResponse>, nullptr, config_request_queue,
     config_response_queue},
    {"flow", "flow", true, requester<FlowRequest, FlowResponse>, nullptr, flow_request_queue,
     flow_response_queue},
    {"librarian", "librarian", true, requester<LibrarianRequest, LibrarianResponse>, nullptr,
     librarian_request_queue, librarian_response_queue},
    {"knowledge", "knowledge", true, requester<KnowledgeRequest, KnowledgeResponse>, nullptr,
     knowledge_request_queue, knowledge_response_queue},
    {"collection-management", "collection-management", true,
     requester<CollectionManagementRequest, CollectionManagementResponse>, nullptr, collection_request_queue,
     collection_response_queue},
}};

template <class Request, class Response>
constexpr ServiceType service(std::string_view kind) {
  return {kind, kind, true, requester<Request, Response>};
}

constexpr std::array<ServiceType, 15> of_flows = {{
    service<AgentRequest, AgentResponse>("agent"),
    service<TextCompletionRequest, TextCompletionResponse>("text-completion"),
    service<PromptRequest, PromptResponse>("prompt"),
    service<ToolRequest, ToolResponse>("mcp-tool"),
    service<GraphRagQuery, GraphRagResponse>("graph-rag"),
    service<DocumentRagQuery, DocumentRagResponse>("document-rag"),
    service<EmbeddingsRequest, EmbeddingsResponse>("embeddings"),
    service<GraphEmbeddingsRequest, GraphEmbeddingsResponse>("graph-embeddings"),
    service<TriplesQueryRequest, TriplesQueryResponse>("triples"),
    service<ObjectsQueryRequest, ObjectsQueryResponse>("objects"),
    service<QuestionToStructuredQueryRequest, QuestionToStructuredQueryResponse>("nlp-query"),
    service<StructuredQueryRequest, StructuredQueryResponse>("structured-query"),
    service<StructuredDataDiagnosisRequest, StructuredDataDiagnosisResponse>("structured-diag"),
    {"text-load", "text-load", false, loader<TextDocument>},
    {"document-load", "document-load", false, loader<Document>},
}};

template <class Message>
std::unique_ptr<Exporter> exporter(const ExportPlan& plan) {
  return std::make_unique<ExporterOf<Message>>(plan);
}

template <class Message>
constexpr StreamType stream(std::string_view kind, std::string_view interface, std::string_view import,
                            bool exported = true) {
  return {kind, interface, {kind, import, false, loader<Message>}, exported ? exporter<Message> : nullptr};
}

constexpr std::array<StreamType, 5> streams = {{
    stream<Triples>("triples", "triples-store", "import/triples"),
    stream<GraphEmbeddings>("graph-embeddings", "graph-embeddings-store", "import/graph-embeddings"),
    stream<DocumentEmbeddings>("document-embeddings", "document-embeddings-store",
                               "import/document-embeddings"),
    stream<EntityContexts>("entity-contexts", "entity-contexts-load", "import/entity-contexts"),
    stream<ExtractedObject>("objects", "objects-store", "import/objects", false),
}};

}  // namespace

const ServiceType& other_service() noexcept {
  static constexpr ServiceType other{"", "other", true, pass_through};
  return other;
}

const ServiceType* find_other(const boost::json::value& interface) noexcept {
  const auto* queues = interface.if_object();
  const bool both = queues != nullptr && queues->contains("request") && queues->contains("response");
  return both ? &other_service() : nullptr;
}

const StreamType* find_stream(std::string_view kind) noexcept {
  for (const auto& each : streams) {
    if (each.kind == kind) return &each;
  }
  return nullptr;
}

std::span<const ServiceType> global_services() noexcept { return globals; }
std::span<const ServiceType> flow_services() noexcept { return of_flows; }

const ServiceType* find_service(std::span<const ServiceType> services, std::string_view kind,
                                const boost::json::value& body) {
  for (const auto& service : services) {
    if (service.kind == kind && (service.serves == nullptr || service.serves(body))) return &service;
  }
  return nullptr;
}

}  // namespace omnibus::gateway
