#include "services/text_completion/request.hpp"

#include <omnibus/log.hpp>

namespace omnibus::text_completion {
namespace {

using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

const std::vector<double>& duration_buckets() {
  static const std::vector<double> buckets{.25, .5, 1,  2,  3,  4,  5,  6,  7,  8,  9,   10,
                                           11,  12, 13, 14, 15, 16, 17, 18, 19, 20, 21,  22,
                                           23,  24, 25, 30, 35, 40, 45, 50, 60, 80, 100, 120};
  return buckets;
}

/// Observes how long its life was.
class Stopwatch {
 public:
  explicit Stopwatch(Histogram& histogram) : histogram_(histogram) {}
  ~Stopwatch() { histogram_.observe(std::chrono::duration<double>(Clock::now() - begin_).count()); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  Histogram& histogram_;
  const TimePoint begin_ = Clock::now();
};

/// The answers to one request.
class Answers {
 public:
  Answers(framework::Flow& flow, const Message<TextCompletionRequest>& request)
      : producer_(flow.producer<TextCompletionResponse>("response")) {
    const auto* id = request.properties().find("id");
    if (id == nullptr) {
      throw ConfigError("a text completion request has no property 'id', so nobody can be answered");
    }
    properties_.set("id", *id);
  }
  void send(const TextCompletionResponse& response) {
    try {
      producer_.send(response, properties_);
    } catch (...) {
      broken_ = true;
      throw;
    }
  }
  /// The requester cannot be told anything: the last send failed.
  bool broken() const noexcept { return broken_; }

 private:
  framework::Producer<TextCompletionResponse>& producer_;
  Properties properties_;
  bool broken_ = false;
};

void ask(Models& models, const Question& question, const framework::Context& context, Answers& answers) {
  auto& flow = *context.in;
  const Stopwatch watch(flow.bus().metrics().histogram(
      "text_completion_duration", "Text completion duration (seconds)",
      {{"id", context.id}, {"flow", context.flow + "-" + context.name}}, duration_buckets()));
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
  Answers answers(*context.in, request);
  try {
    const auto model = context.in->parameter("model"), temperature = context.in->parameter("temperature");
    auto question = models.question(model, temperature);
    question.text = request->system + "\n\n" + request->prompt;
    question.streaming = request->streaming;
    ask(models, question, context, answers);
    tell_model(context, model, temperature);
  } catch (const TooManyRequests&) {
    throw;
  } catch (const ClosedError&) {
    throw;
  } catch (const std::exception& failure) {
    if (answers.broken()) throw;
    log::write(log::Level::warning, std::string("a text completion failed: ") + failure.what());
    answers.send({.error = catalogue::Error{"llm-error", failure.what()}, .end_of_stream = true});
  }
}

}  // namespace omnibus::text_completion
