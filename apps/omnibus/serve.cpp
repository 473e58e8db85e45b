#include "serve.hpp"

#include <omnibus/framework/program.hpp>

#include "commands.hpp"
#include "services/chunker/service.hpp"
#include "services/chunker/token_service.hpp"
#include "services/config/service.hpp"
#include "services/document_embeddings/service.hpp"
#include "services/embeddings/service.hpp"
#include "services/flow/service.hpp"
#include "services/graph_embeddings/service.hpp"
#include "services/knowledge/kg_store.hpp"
#include "services/knowledge/service.hpp"
#include "services/librarian/service.hpp"
#include "services/metering/service.hpp"
#include "services/prompt/service.hpp"
#include "services/text_completion/service.hpp"
#include "services/triples/query_service.hpp"
#include "services/triples/store_service.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

template <class Service>
int run_service(const Settings::About& about, const std::vector<std::string>& arguments) {
  return framework::run_program<Service>(Settings::parse(about, arguments, Service::flags()));
}

}  // namespace

std::string service_epilogue(std::string_view examples) {
  return "Examples:\n" + std::string(examples) + "\n" +
         exit_status_help({.failed = "it failed, or something was left unfinished at --shutdown-timeout",
                           .ok = "stopped by SIGTERM or SIGINT after finishing what it had begun",
                           .usage = "wrong usage or configuration, or a port is in use",
                           .unavailable = "the broker or store refuses access; one that cannot be reached is "
                                          "waited for"});
}

int run_config_svc(const std::vector<std::string>& arguments) {
  return run_service<config::ConfigService>(
      {.program = "omnibus config-svc",
       .summary = "Keeps the configuration and pushes every change of it to everybody.",
       .id = std::string(config_id),
       .epilogue = service_epilogue("  omnibus config-svc --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus config-svc --config-store /var/lib/omnibus/config.sqlite\n")},
      arguments);
}

int run_flow_svc(const std::vector<std::string>& arguments) {
  return run_service<flow::FlowService>(
      {.program = "omnibus flow-svc",
       .summary =
           "Starts and stops flows by changing the configuration. Not beside the Python config-svc, which "
           "serves the same requests.",
       .id = std::string(flow_id),
       .epilogue = service_epilogue("  omnibus flow-svc --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus flow-svc --flow-grace 10m\n")},
      arguments);
}

int run_chunker_recursive(const std::vector<std::string>& arguments) {
  return run_service<chunker::ChunkerService>(
      {.program = "omnibus chunker-recursive",
       .summary = "Splits documents at blank lines, newlines and spaces into overlapping chunks.",
       .id = std::string(chunker_id),
       .epilogue = service_epilogue("  omnibus chunker-recursive --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus chunker-recursive -z 1000 -v 50 -c 4 --transactional\n")},
      arguments);
}

int run_chunker_token(const std::vector<std::string>& arguments) {
  return run_service<chunker::TokenChunkerService>(
      {.program = "omnibus chunker-token",
       .summary = "Splits documents into overlapping chunks of so many tokens of cl100k_base.",
       .id = std::string(chunker_id),
       .epilogue = service_epilogue(
           "  omnibus chunker-token --vocabulary cl100k_base.tiktoken\n"
           "  omnibus chunker-token --vocabulary cl100k_base.tiktoken -z 500 -v 50 -c 4 --transactional\n")},
      arguments);
}

int run_librarian(const std::vector<std::string>& arguments) {
  return run_service<librarian::LibrarianService>(
      {.program = "omnibus librarian",
       .summary = "Keeps documents and hands them to flows; keeps the list of collections.",
       .id = std::string(librarian_id),
       .epilogue = service_epilogue("  omnibus librarian --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus librarian --librarian-store /var/lib/omnibus/library\n")},
      arguments);
}

int run_knowledge(const std::vector<std::string>& arguments) {
  return run_service<knowledge::KnowledgeService>(
      {.program = "omnibus knowledge",
       .summary = "Keeps knowledge cores and loads them into flows.",
       .id = std::string(knowledge_id),
       .epilogue = service_epilogue("  omnibus knowledge --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus knowledge --knowledge-store /var/lib/omnibus/cores.sqlite\n")},
      arguments);
}

int run_kg_store(const std::vector<std::string>& arguments) {
  return run_service<knowledge::KgStoreService>(
      {.program = "omnibus kg-store",
       .summary = "Keeps the triples and graph embeddings of flows as knowledge cores.",
       .id = std::string(kg_store_id),
       .epilogue = service_epilogue("  omnibus kg-store --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus kg-store --knowledge-store /var/lib/omnibus/cores.sqlite\n")},
      arguments);
}

int run_prompt(const std::vector<std::string>& arguments) {
  return run_service<prompt::PromptService>(
      {.program = "omnibus prompt",
       .summary = "Fills prompt templates in and asks the text completion service.",
       .id = std::string(prompt_id),
       .epilogue = service_epilogue("  omnibus prompt --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus prompt -c 8 --config-type prompt\n")},
      arguments);
}

int run_text_completion(const std::vector<std::string>& arguments) {
  return run_service<text_completion::TextCompletionService>(
      {.program = "omnibus text-completion",
       .summary = "Asks a language model behind an OpenAI-compatible HTTP endpoint.",
       .id = std::string(text_completion_id),
       .epilogue =
           service_epilogue("  OPENAI_TOKEN=... omnibus text-completion -m gpt-4o-mini -c 8\n"
                            "  omnibus text-completion -u http://localhost:8080/v1 -k '' -m llama\n")},
      arguments);
}

int run_embeddings(const std::vector<std::string>& arguments) {
  return run_service<embeddings::EmbeddingsService>(
      {.program = "omnibus embeddings",
       .summary = "Asks an embedding model behind Ollama or an OpenAI-compatible HTTP endpoint.",
       .id = std::string(embeddings_id),
       .epilogue =
           service_epilogue("  omnibus embeddings -m mxbai-embed-large -r http://localhost:11434 -c 4\n"
                            "  OPENAI_TOKEN=... omnibus embeddings --kind openai -m text-embedding-3-large\n"
                            "  omnibus embeddings --kind openai -u http://localhost:8080/v1 -k ''\n")},
      arguments);
}

int run_document_embeddings(const std::vector<std::string>& arguments) {
  return run_service<document_embeddings::DocumentEmbeddingsService>(
      {.program = "omnibus document-embeddings",
       .summary = "Adds to each chunk the vectors that the embeddings service of its flow gives.",
       .id = std::string(document_embeddings_id),
       .epilogue =
           service_epilogue("  omnibus document-embeddings --pubsub-url embedded:///tmp/store -c 8\n")},
      arguments);
}

int run_graph_embeddings(const std::vector<std::string>& arguments) {
  return run_service<graph_embeddings::GraphEmbeddingsService>(
      {.program = "omnibus graph-embeddings",
       .summary = "Adds to each entity the vectors that the embeddings service of its flow gives.",
       .id = std::string(graph_embeddings_id),
       .epilogue = service_epilogue("  omnibus graph-embeddings --pubsub-url embedded:///tmp/store -c 8\n")},
      arguments);
}

int run_triples_store(const std::vector<std::string>& arguments) {
  return run_service<triples::TriplesStoreService>(
      {.program = "omnibus triples-store",
       .summary = "Keeps the triples of flows in a file, by user and collection.",
       .id = std::string(triples_store_id),
       .epilogue =
           service_epilogue("  omnibus triples-store --pubsub-url embedded:///tmp/store\n"
                            "  omnibus triples-store --triples-store /var/lib/omnibus/triples.sqlite\n")},
      arguments);
}

int run_triples_query(const std::vector<std::string>& arguments) {
  return run_service<triples::TriplesQueryService>(
      {.program = "omnibus triples-query",
       .summary = "Finds triples in the file that triples-store keeps.",
       .id = std::string(triples_query_id),
       .epilogue = service_epilogue(
           "  omnibus triples-query --pubsub-url embedded:///tmp/store\n"
           "  omnibus triples-query -c 8 --triples-store /var/lib/omnibus/triples.sqlite\n")},
      arguments);
}

int run_metering(const std::vector<std::string>& arguments) {
  return run_service<metering::MeteringService>(
      {.program = "omnibus metering",
       .summary = "Counts the tokens that language models read and write, and what they cost.",
       .id = std::string(metering_id),
       .epilogue = service_epilogue("  omnibus metering --pubsub-url embedded:///tmp/store\n"
                                    "  omnibus metering --metering-models 20\n")},
      arguments);
}

}  // namespace omnibus::app
