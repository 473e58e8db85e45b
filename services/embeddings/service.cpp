#include "services/embeddings/service.hpp"

#include "services/embeddings/request.hpp"
#include "services/flags/at_least.hpp"

namespace omnibus::embeddings {
namespace {

using catalogue::EmbeddingsRequest;
using catalogue::EmbeddingsResponse;

http::Address ollama_address(const Settings& settings) {
  return {.url = ollama_url(settings.text("ollama")),
          .ca_file = settings.maybe("ca-file").value_or(""),
          .timeout = settings.duration("model-timeout"),
          .flag = "--ollama"};
}

std::shared_ptr<Models> models_of(const Settings& settings, const std::string& prefix) {
  const auto model = settings.maybe(prefix + "model");
  if (settings.text(prefix + "kind") == "openai") {
    return std::make_shared<Models>(Kind::openai, http::openai_address(settings),
                                    model.value_or("text-embedding-3-small"));
  }
  return std::make_shared<Models>(Kind::ollama, ollama_address(settings),
                                  model.value_or("mxbai-embed-large"));
}

}  // namespace

EmbeddingsService::EmbeddingsService(Bus bus, Settings settings, const std::string& prefix)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  const auto models = models_of(this->settings(), prefix);
  add<framework::ParameterSpec>("model");
  add<framework::ProducerSpec<EmbeddingsResponse>>("response");
  add<framework::ConsumerSpec<EmbeddingsRequest>>(
      "request",
      framework::Handler<EmbeddingsRequest>(
          [models](const Message<EmbeddingsRequest>& request, const framework::Context& context) {
            answer(*models, request, context);
          }),
      flags::at_least(1, this->settings(), "concurrency"));
}

EmbeddingsService::~EmbeddingsService() { EmbeddingsService::stop(); }

Flags EmbeddingsService::flags(Flags flags, const std::string& prefix) {
  const char shorthand = prefix.empty() ? 'm' : '\0';
  return http::openai_flags(FlowProcessor::flags(std::move(flags)), "5m")
      .choice(prefix + "kind", "protocol of the server with the embedding model", {"openai", "ollama"},
              "ollama")
      .text("ollama", "where Ollama is", "http://localhost:11434", "OLLAMA_HOST", 'r')
      .text(prefix + "model",
            "embedding model, unless the flow names one (ollama: mxbai-embed-large, openai: "
            "text-embedding-3-small)",
            std::nullopt, {}, shorthand)
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::embeddings
