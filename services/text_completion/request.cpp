#include "services/text_completion/request.hpp"

#include "services/http/stopwatch.hpp"
#include "services/rpc/replies.hpp"

namespace omnibus::text_completion {
namespace {

using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

using Answers = rpc::Replies<TextCompletionResponse>;

void ask(Models& models, const Question& question, const framework::Context& context, Answers& answers) {
  const http::Stopwatch watch(context, "text_completion_duration", "Text completion duration (seconds)");
  if (!question.streaming) {
    auto said = models.ask(question, context.stop);
    return answers.send({.response = std::move(said.text),
                         .in_token = said.in_token,
                         .out_token = said.out_token,
                         .model = question.model,
                         .end_of_stream = true});
  }
  models.ask(
      question,
      [&](std::string text) { answers.send({.response = std::move(text), .model = question.model}); },
      context.stop);
  answers.send({.response = "", .model = question.model, .end_of_stream = true});
}

void tell_model(const framework::Context& context, const std::optional<std::string>& model,
                const std::optional<std::string>& temperature) {
  context.in->bus().metrics().info("text_completion_model", "Text completion model",
                                   {{"processor", context.id},
                                    {"flow", context.flow},
                                    {"model", model.value_or("")},
                                    {"temperature", temperature.value_or("")}});
}

}  // namespace

void answer(Models& models, const Message<TextCompletionRequest>& request,
            const framework::Context& context) {
  Answers answers(context, request, "a text completion");
  answers.guarded(
      [&] {
        const auto model = context.in->parameter("model"), temperature = context.in->parameter("temperature");
        auto question = models.question(model, temperature);
        question.text = request->system + "\n\n" + request->prompt;
        question.streaming = request->streaming;
        ask(models, question, context, answers);
        tell_model(context, model, temperature);
      },
      [](std::string reason) {
        return TextCompletionResponse{.error = catalogue::Error{"llm-error", std::move(reason)},
                                      .end_of_stream = true};
      });
}

}  // namespace omnibus::text_completion
