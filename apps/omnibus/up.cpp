#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include <omnibus/framework/program.hpp>

#include "commands.hpp"
#include "serve.hpp"
#include "services/chunker/service.hpp"
#include "services/config/service.hpp"
#include "services/document_embeddings/service.hpp"
#include "services/embeddings/service.hpp"
#include "services/flow/service.hpp"
#include "services/gateway/processor.hpp"
#include "services/graph_embeddings/service.hpp"
#include "services/http/endpoint.hpp"
#include "services/knowledge/kg_store.hpp"
#include "services/knowledge/service.hpp"
#include "services/librarian/service.hpp"
#include "services/metering/service.hpp"
#include "services/prompt/service.hpp"
#include "services/text_completion/service.hpp"
#include "services/triples/query_service.hpp"
#include "services/triples/store_service.hpp"

namespace omnibus::app {
namespace {

/// Before those flags of the embeddings service that mean something else to other services.
constexpr const char* embeddings_prefix = "embeddings-";

Flags up_flags() {
  // Those of the librarian and of knowledge first: their queues are the gateway's too, and the first of one
  // name stays.
  auto flags =
      gateway::gateway_flags(knowledge::KnowledgeService::flags(librarian::LibrarianService::flags()));
  flags = flow::FlowService::flags(config::ConfigService::flags(std::move(flags)));
  flags = prompt::PromptService::flags(chunker::ChunkerService::flags(std::move(flags)));
  flags = triples::TriplesQueryService::flags(triples::TriplesStoreService::flags(std::move(flags)));
  flags = metering::MeteringService::flags(std::move(flags));
  flags = text_completion::TextCompletionService::flags(std::move(flags));
  return embeddings::EmbeddingsService::flags(std::move(flags), embeddings_prefix);
}

Settings with_id(Settings settings, std::string_view id) {
  settings.id = id;
  return settings;
}

/// Tells other programs where this one's queues are, as long as it runs.
class Advertisement {
 public:
  explicit Advertisement(std::string url)
      : url_(std::move(url)), file_(std::filesystem::path(state_directory()) / "url") {
    std::error_code failure;
    auto fresh = file_;
    fresh += "." + std::to_string(::getpid());
    { std::ofstream(fresh) << url_ << '\n'; }
    using std::filesystem::perms;
    std::filesystem::permissions(fresh, perms::owner_read | perms::owner_write,
                                 failure);  // may hold a password
    std::filesystem::rename(fresh, file_, failure);
    if (failure) log::write(log::Level::warning, "cannot write " + file_.string() + ": " + failure.message());
  }
  ~Advertisement() {
    std::ifstream file(file_);
    std::string url;
    std::getline(file, url);
    std::error_code gone;  // another `up` may have taken the file over or away
    if (url == url_) std::filesystem::remove(file_, gone);
  }
  Advertisement(const Advertisement&) = delete;
  Advertisement& operator=(const Advertisement&) = delete;

 private:
  const std::string url_;
  const std::filesystem::path file_;
};

std::string url_of(const gateway::GatewayOptions& options, std::uint16_t port) {
  const bool any = options.address == "0.0.0.0" || options.address == "::";
  const std::string scheme = options.tls_certificate.empty() ? "http://" : "https://";
  return scheme + (any ? "localhost" : options.address) + ":" + std::to_string(port);
}

constexpr std::string_view put_blueprint =
    R"({"operation":"put-blueprint","blueprint-name":"chunks","blueprint-definition":"{)"
    R"(\"interfaces\":{\"text-load\":\"q1/tg/flow/text-load:{id}\",)"
    R"(\"triples-store\":\"q1/tg/flow/triples-store:{id}\",)"
    R"(\"triples\":{\"request\":\"q0/tg/request/triples:{blueprint}\",)"
    R"(\"response\":\"q0/tg/response/triples:{blueprint}\"}},)"
    R"(\"blueprint\":{\"triples-query:{blueprint}\":{\"request\":\"q0/tg/request/triples:{blueprint}\",)"
    R"(\"response\":\"q0/tg/response/triples:{blueprint}\"}},)"
    R"(\"flow\":{\"chunker:{id}\":{\"input\":\"q1/tg/flow/text-load:{id}\",)"
    R"(\"output\":\"q1/tg/flow/chunk:{id}\"},)"
    R"(\"triples-write:{id}\":{\"input\":\"q1/tg/flow/triples-store:{id}\"}}}"})";
constexpr std::string_view start_flow =
    R"({"operation":"start-flow","blueprint-name":"chunks","flow-id":"f1","description":"try"})";
constexpr std::string_view load_document =
    R"({\"id\":\"doc1\",\"text\":\"$(base64 -w0 /usr/share/common-licenses/GPL-3)\"})";

constexpr std::string_view put_collection =
    R"({"operation":"put","values":[{"type":"collection","key":"trustgraph:default","value":"{}"}]})";
constexpr std::string_view send_triple =
    R"({"metadata":{"id":"doc1","user":"trustgraph","collection":"default"},)"
    R"("triples":[{"s":{"value":"http://x/gpl","is_uri":true},"p":{"value":"http://x/is","is_uri":true},)"
    R"("o":{"value":"a licence"}}]})";

/// How to call this program again from a shell.
std::string this_program() {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "omnibus" : path.string();
}

/// Commands to paste, in order.
std::string suggestions(const Settings& settings, const std::string& gateway, bool shared) {
  const std::string curl = settings.text("api-token").empty()
                               ? "  curl -s "
                               : "  curl -s -H \"Authorization: Bearer $GATEWAY_SECRET\" ";
  const auto flow = curl + gateway + "/api/v1/flow -d '";
  std::string out = flow + std::string(put_blueprint) + "'\n" + flow + std::string(start_flow) + "'\n";
  const auto url = " --pubsub-url '" + redacted(settings.pubsub_url) + "'";
  if (shared) out += "  " + this_program() + " tail q1/tg/flow/chunk:f1 --type Chunk" + url + " &\n";
  out += curl + gateway + "/api/v1/flow/f1/service/text-load -d \"" + std::string(load_document) + "\"\n";
  if (!shared) return out;
  return out + curl + gateway + "/api/v1/config -d '" + std::string(put_collection) + "'\n  echo '" +
         std::string(send_triple) + "' | " + this_program() +
         " send q1/tg/flow/triples-store:f1 --type Triples" + url + "\n" + curl + gateway +
         "/api/v1/flow/f1/service/triples -d '{}'\n";
}

void print_welcome(const Settings& settings, const std::string& gateway) {
  const bool shared = settings.pubsub_url != "embedded://";
  std::cout << "omnibus is up.\n\n  queues   " << redacted(settings.pubsub_url)
            << (shared ? "" : "   (in this process only, gone with it)") << "\n  gateway  " << gateway
            << "\n  page     " << gateway << "/\n";
  if (settings.metrics && settings.metrics_port != 0) {
    std::cout << "  metrics  http://localhost:" << settings.metrics_port << "/metrics\n";
  }
  if (!http::has_key(settings)) {
    std::cout << "  models   none (set OPENAI_TOKEN or --api-key)\n";
  } else {
    std::cout << "  models   " << redacted(settings.text("url")) << '\n';
  }
  std::cout << "  vectors  "
            << redacted(settings.text(settings.text("embeddings-kind") == "ollama" ? "ollama" : "url"))
            << '\n';
  std::cout << "\nTry in another terminal, in this order:\n\n"
            << suggestions(settings, gateway, shared) << "\nCtrl-C stops it"
            << (shared ? "; what was accepted is kept and goes on at the next start.\n" : ".\n")
            << std::flush;
}

}  // namespace

int run_up(const std::vector<std::string>& arguments) {
  const auto settings = Settings::parse(
      {.program = "omnibus up",
       .summary = "Runs every service in this process. Without --pubsub-url or --pubsub-backend the "
                  "queues are in the state directory, shared with other programs of this machine.",
       .id = "omnibus",
       .default_url = "embedded://" + state_directory(),
       .epilogue = service_epilogue("  omnibus up\n"
                                    "  omnibus up --pubsub-url embedded:///srv/queues --port 9000\n")},
      arguments, up_flags());
  (void)gateway::gateway_options(settings);  // refuses bad values before anything is connected
  std::unique_ptr<Advertisement> advertisement;
  const gateway::GatewayProcessor* front = nullptr;
  const auto make = [&](const Bus& bus, const Settings& common) {
    const auto own = with_id(common, gateway_id);
    auto options = gateway::gateway_options(own);
    options.whole_system = true;
    auto last = std::make_unique<gateway::GatewayProcessor>(bus, own, options);
    front = last.get();
    std::vector<std::unique_ptr<framework::AsyncProcessor>> made;
    made.push_back(std::make_unique<config::ConfigService>(bus, with_id(common, config_id)));
    made.push_back(std::make_unique<flow::FlowService>(bus, with_id(common, flow_id)));
    made.push_back(std::make_unique<librarian::LibrarianService>(bus, with_id(common, librarian_id)));
    made.push_back(std::make_unique<knowledge::KnowledgeService>(bus, with_id(common, knowledge_id)));
    made.push_back(std::make_unique<knowledge::KgStoreService>(bus, with_id(common, kg_store_id)));
    made.push_back(std::make_unique<chunker::ChunkerService>(bus, with_id(common, chunker_id)));
    made.push_back(std::make_unique<prompt::PromptService>(bus, with_id(common, prompt_id)));
    made.push_back(std::make_unique<embeddings::EmbeddingsService>(bus, with_id(common, embeddings_id),
                                                                   embeddings_prefix));
    made.push_back(std::make_unique<document_embeddings::DocumentEmbeddingsService>(
        bus, with_id(common, document_embeddings_id)));
    made.push_back(std::make_unique<graph_embeddings::GraphEmbeddingsService>(
        bus, with_id(common, graph_embeddings_id)));
    made.push_back(std::make_unique<triples::TriplesStoreService>(bus, with_id(common, triples_store_id)));
    made.push_back(std::make_unique<triples::TriplesQueryService>(bus, with_id(common, triples_query_id)));
    made.push_back(std::make_unique<metering::MeteringService>(bus, with_id(common, metering_id)));
    if (http::has_key(common)) {
      made.push_back(
          std::make_unique<text_completion::TextCompletionService>(bus, with_id(common, text_completion_id)));
    }
    made.push_back(std::move(last));
    return made;
  };
  const auto started = [&] {
    advertisement.reset();
    advertisement = std::make_unique<Advertisement>(settings.pubsub_url);
    print_welcome(settings, url_of(gateway::gateway_options(settings), front->port()));
  };
  return framework::run_program(settings, make, {.started = started});
}

}  // namespace omnibus::app
