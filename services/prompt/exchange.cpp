#include "services/prompt/exchange.hpp"

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/log.hpp>

namespace omnibus::prompt {
namespace {

using catalogue::PromptRequest;
using catalogue::PromptResponse;
using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

/// What lives from a request to the end of its answer. Threads: one call at a time.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<const Prompts> prompts, const Message<PromptRequest>& request,
           const framework::Context& context, framework::HandlerDone done)
      : prompts_(std::move(prompts)),
        flow_(context.in),
        streaming_(request->streaming),
        done_(std::move(done)) {
    if (const auto* id = request.properties().find("id")) properties_.set("id", *id);
  }

  /// Ends by `done`, now or when the last answer has come.
  void begin(const PromptRequest& request) {
    guarded([&] {
      if (properties_.find("id") == nullptr) {
        return end(std::make_exception_ptr(
            ConfigError("a prompt request has no property 'id', so nobody can be answered")));
      }
      prompt_ = &prompts_->find(request.id);
      const auto question = prompts_->question(*prompt_, parse_terms(request.terms));
      check_response_type(*prompt_);
      ask({.system = question.system, .prompt = question.prompt, .streaming = streaming_});
    });
  }

 private:
  void ask(const TextCompletionRequest& question) {
    flow_->client<TextCompletionRequest, TextCompletionResponse>("text-completion-request")
        .request_async(
            question,
            [self = shared_from_this()](const omnibus::Error* error, const TextCompletionResponse* answer) {
              bool last = true;
              self->guarded([&] {
                if (error != nullptr) error->raise();
                last = self->take(*answer);
              });
              return last;
            },
            model_patience);
  }

  /// True when the answer was the last.
  bool take(const TextCompletionResponse& answer) {
    if (answer.error) throw omnibus::Error(ErrorCode::unavailable, answer.error->message);
    const auto piece = answer.response.value_or("");
    if (!streaming_) {
      const auto result = answer_of(*prompt_, piece);
      send({.text = result.text, .object = result.object, .end_of_stream = true});
      return end(nullptr), true;
    }
    text_ += piece;
    if (answer.end_of_stream) (void)answer_of(*prompt_, std::move(text_));
    if (!piece.empty() || answer.end_of_stream) send({.text = piece, .end_of_stream = answer.end_of_stream});
    if (answer.end_of_stream) end(nullptr);
    return answer.end_of_stream;
  }

  void send(const PromptResponse& response) {
    flow_->producer<PromptResponse>("response").send(response, properties_);
  }

  /// Runs `work`; the requester is told of its failure, if that can be.
  template <class Work>
  void guarded(Work work) noexcept {
    try {
      work();
    } catch (const ClosedError&) {
      end(std::current_exception());
    } catch (const std::exception& failure) {
      refuse(failure.what());
    }
  }
  void refuse(const std::string& reason) noexcept {
    log::write(log::Level::warning, "a prompt failed: " + reason);
    try {
      send({.error = catalogue::Error{"llm-error", reason}, .end_of_stream = true});
      end(nullptr);
    } catch (...) {
      end(std::current_exception());
    }
  }
  void end(std::exception_ptr failure) noexcept {
    if (done_) std::exchange(done_, nullptr)(std::move(failure));
  }

  const std::shared_ptr<const Prompts> prompts_;
  const std::shared_ptr<framework::Flow> flow_;
  const bool streaming_;
  Properties properties_;
  const Prompt* prompt_ = nullptr;
  std::string text_;  // what has come of a stream
  framework::HandlerDone done_;
};

}  // namespace

void answer(const std::shared_ptr<const Prompts>& prompts, const Message<PromptRequest>& request,
            const framework::Context& context, framework::HandlerDone done) {
  std::make_shared<Exchange>(prompts, request, context, std::move(done))->begin(request.value());
}

}  // namespace omnibus::prompt
