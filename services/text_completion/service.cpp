#include "services/text_completion/service.hpp"

#include <limits>

#include "services/text_completion/request.hpp"

namespace omnibus::text_completion {
namespace {

using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

std::int64_t positive(const Settings& settings, std::string_view flag) {
  const auto value = settings.integer(flag);
  if (value < 1 || value > std::numeric_limits<int>::max()) {
    throw ConfigError("--" + std::string(flag) + " is " + std::to_string(value), "give at least 1");
  }
  return value;
}

Endpoint endpoint_of(const Settings& settings) {
  if (!TextCompletionService::has_key(settings)) {
    throw ConfigError("OpenAI API key not specified",
                      "set OPENAI_TOKEN or --api-key; --api-key '' for a server that wants none");
  }
  return {.url = settings.text("url"),
          .key = settings.text("api-key"),
          .ca_file = settings.maybe("ca-file").value_or(""),
          .model = settings.text("model"),
          .temperature = settings.number("temperature"),
          .max_output = positive(settings, "max-output"),
          .timeout = settings.duration("model-timeout")};
}

}  // namespace

TextCompletionService::TextCompletionService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  const auto models = std::make_shared<Models>(endpoint_of(this->settings()));
  add<framework::ParameterSpec>("model");
  add<framework::ParameterSpec>("temperature");
  add<framework::ProducerSpec<TextCompletionResponse>>("response");
  add<framework::ConsumerSpec<TextCompletionRequest>>(
      "request",
      framework::Handler<TextCompletionRequest>(
          [models](const Message<TextCompletionRequest>& request, const framework::Context& context) {
            answer(*models, request, context);
          }),
      static_cast<int>(positive(this->settings(), "concurrency")));
}

TextCompletionService::~TextCompletionService() { TextCompletionService::stop(); }

bool TextCompletionService::has_key(const Settings& settings) {
  return settings.maybe("api-key").has_value();
}

Flags TextCompletionService::flags(Flags flags) {
  return FlowProcessor::flags(std::move(flags))
      .text("url", "base of the OpenAI-compatible endpoint", "https://api.openai.com/v1", "OPENAI_BASE_URL",
            'u')
      .text("api-key", "key that is shown to it; empty: none", std::nullopt, "OPENAI_TOKEN", 'k')
      .secret()
      .text("ca-file", "PEM certificates to trust instead of the system's")
      .text("model", "model to ask, unless the flow names one", "gpt-3.5-turbo", {}, 'm')
      .number("temperature", "its temperature, unless the flow names one", 0, {}, 't')
      .integer("max-output", "most tokens of an answer", 4096, {}, 'x')
      .duration("model-timeout", "how long the model may be silent", "10m")
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::text_completion
