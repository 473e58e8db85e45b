#include "services/text_completion/service.hpp"

#include "services/flags/at_least.hpp"
#include "services/text_completion/request.hpp"

namespace omnibus::text_completion {
namespace {

using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

Defaults defaults_of(const Settings& settings) {
  return {.model = settings.text("model"),
          .temperature = settings.number("temperature"),
          .max_output = flags::at_least(1, settings, "max-output")};
}

}  // namespace

TextCompletionService::TextCompletionService(Bus bus, Settings settings)
    : FlowProcessor(std::move(bus), std::move(settings)) {
  const auto models =
      std::make_shared<Models>(http::openai_address(this->settings()), defaults_of(this->settings()));
  add<framework::ParameterSpec>("model");
  add<framework::ParameterSpec>("temperature");
  add<framework::ProducerSpec<TextCompletionResponse>>("response");
  add<framework::ConsumerSpec<TextCompletionRequest>>(
      "request",
      framework::Handler<TextCompletionRequest>(
          [models](const Message<TextCompletionRequest>& request, const framework::Context& context) {
            answer(*models, request, context);
          }),
      flags::at_least(1, this->settings(), "concurrency"));
}

TextCompletionService::~TextCompletionService() { TextCompletionService::stop(); }

Flags TextCompletionService::flags(Flags flags) {
  return http::openai_flags(FlowProcessor::flags(std::move(flags)), "10m")
      .text("model", "model to ask, unless the flow names one", "gpt-3.5-turbo", {}, 'm')
      .number("temperature", "its temperature, unless the flow names one", 0, {}, 't')
      .integer("max-output", "most tokens of an answer", 4096, {}, 'x')
      .integer("concurrency", "messages in work at once", 1, {}, 'c');
}

}  // namespace omnibus::text_completion
