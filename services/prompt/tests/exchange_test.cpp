// One flow of the service with a model that the test plays.

#include <gtest/gtest.h>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/omnibus.hpp>

#include "services/prompt/exchange.hpp"

namespace omnibus::prompt {
namespace {

using namespace std::chrono_literals;
using catalogue::PromptRequest;
using catalogue::PromptResponse;
using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() {
    framework::RequestResponseSpec<TextCompletionRequest, TextCompletionResponse>("text-completion-request",
                                                                                  "text-completion-response")
        .build(*flow_);
    framework::ProducerSpec<PromptResponse>("response").build(*flow_);
    framework::ConsumerSpec<PromptRequest>(
        "request",
        framework::AsyncHandler<PromptRequest>(
            [prompts = prompts_](const auto& request, const auto& context, framework::HandlerDone done) {
              answer(prompts, request, context, std::move(done));
            }))
        .build(*flow_);
    flow_->start();
  }
  ~ExchangeTest() override { flow_->stop(10s); }

  void ask(const std::string& id, bool streaming = false) {
    requests_.send({.id = id, .terms = {{"name", R"("Bob")"}}, .streaming = streaming},
                   {.properties = {{"id", "r1"}}});
  }
  /// Waits for the question and sends these to who asked.
  TextCompletionRequest reply(const std::vector<TextCompletionResponse>& answers) {
    const auto question = questions_.receive(10s);
    const auto& id = *question.properties().find("id");
    for (const auto& each : answers) replies_.send(each, {.properties = {{"id", id}}});
    questions_.acknowledge(question);
    return question.value();
  }
  PromptResponse answered() {
    const auto message = answers_.receive(10s);
    EXPECT_EQ(message.properties().value_or("id", ""), "r1");
    answers_.acknowledge(message);
    return message.value();
  }
  /// The request has been acknowledged and nothing else was said.
  void expect_no_more() {
    EXPECT_FALSE(answers_.poll(50ms));
    flow_->stop(10s);
    EXPECT_EQ(bus_.statistics(topic("request")).subscriptions.at("prompt--f1--request").backlog, 0u);
  }

  const std::shared_ptr<const Prompts> prompts_ = std::make_shared<const Prompts>(
      std::map<std::string, std::string>{{"system", R"("SYS")"},
                                         {"template-index", R"(["greet", "js", "odd"])"},
                                         {"template.greet", R"({"prompt": "Hi {{name}}!"})"},
                                         {"template.js", R"({"prompt": "{{name}}", "response-type": "json",
                                                             "schema": {"type": "array"}})"},
                                         {"template.odd", R"({"prompt": "", "response-type": "xml"})"}});
  Bus bus_ = connect("embedded://");
  omnibus::Producer<PromptRequest> requests_ = bus_.create_producer<PromptRequest>(topic("request"));
  omnibus::Consumer<PromptResponse> answers_ = bus_.create_consumer<PromptResponse>(topic("response"), "t");
  omnibus::Consumer<TextCompletionRequest> questions_ =
      bus_.create_consumer<TextCompletionRequest>(topic("questions"), "t");
  omnibus::Producer<TextCompletionResponse> replies_ =
      bus_.create_producer<TextCompletionResponse>(topic("replies"));
  const std::shared_ptr<framework::Flow> flow_ = std::make_shared<framework::Flow>(
      bus_, "prompt", "f1",
      framework::FlowDefinition{{"request", "q1/tg/flow/request"},
                                {"response", "q1/tg/flow/response"},
                                {"text-completion-request", "q1/tg/flow/questions"},
                                {"text-completion-response", "q1/tg/flow/replies"}});
};

TEST_F(ExchangeTest, AnswersWithText) {
  ask("greet");
  EXPECT_EQ(reply({{.response = "hello", .end_of_stream = true}}),
            (TextCompletionRequest{.system = "SYS", .prompt = "Hi Bob!", .streaming = false}));
  EXPECT_EQ(answered(), (PromptResponse{.text = "hello", .end_of_stream = true}));
  expect_no_more();
}

TEST_F(ExchangeTest, AnswersWithAnObject) {
  ask("js");
  reply({{.response = "```json\n[1]\n```", .end_of_stream = true}});
  EXPECT_EQ(answered(), (PromptResponse{.object = "[1]", .end_of_stream = true}));
}

TEST_F(ExchangeTest, PassesAStreamOn) {
  ask("greet", true);
  EXPECT_TRUE(
      reply({{.response = "a"}, {.response = ""}, {.response = "b"}, {.response = "", .end_of_stream = true}})
          .streaming);
  EXPECT_EQ(answered(), (PromptResponse{.text = "a"}));
  EXPECT_EQ(answered(), (PromptResponse{.text = "b"}));
  EXPECT_EQ(answered(), (PromptResponse{.text = "", .end_of_stream = true}));
  expect_no_more();
}

TEST_F(ExchangeTest, ChecksAStreamedObjectAtItsEnd) {
  ask("js", true);
  reply({{.response = "[1"}, {.response = "]"}, {.response = "", .end_of_stream = true}});
  EXPECT_EQ(answered(), (PromptResponse{.text = "[1"}));
  EXPECT_EQ(answered(), (PromptResponse{.text = "]"}));
  EXPECT_EQ(answered(), (PromptResponse{.text = "", .end_of_stream = true}));
}

TEST_F(ExchangeTest, EndsAStreamThatIsNoObjectWithAnError) {
  ask("js", true);
  reply({{.response = "no"}, {.response = "", .end_of_stream = true}});
  EXPECT_EQ(answered(), (PromptResponse{.text = "no"}));
  EXPECT_EQ(answered(), (PromptResponse{.error = catalogue::Error{"llm-error", "JSON parse fail"},
                                        .end_of_stream = true}));
  expect_no_more();
}

TEST_F(ExchangeTest, PassesTheModelsFailureOn) {
  ask("greet");
  reply({{.error = catalogue::Error{"llm-error", "backend failed"}, .end_of_stream = true}});
  EXPECT_EQ(answered(), (PromptResponse{.error = catalogue::Error{"llm-error", "backend failed"},
                                        .end_of_stream = true}));
  expect_no_more();
}

TEST_F(ExchangeTest, RefusesWithoutAskingTheModel) {
  for (const auto& [id, reason] :
       std::map<std::string, std::string>{{"zzz", "'zzz'"}, {"odd", "Response type xml not known"}}) {
    ask(id);
    EXPECT_EQ(answered(),
              (PromptResponse{.error = catalogue::Error{"llm-error", reason}, .end_of_stream = true}));
  }
  EXPECT_FALSE(questions_.poll(50ms));
  expect_no_more();
}

TEST_F(ExchangeTest, KeepsARequestWhoseAnswerAStopCutsOff) {
  ask("greet");
  const auto question = questions_.receive(10s);
  flow_->stop(100ms);
  EXPECT_EQ(bus_.statistics(topic("request")).subscriptions.at("prompt--f1--request").backlog, 1u);
  EXPECT_FALSE(answers_.poll(50ms)) << "no error goes out, the request comes again";
}

}  // namespace
}  // namespace omnibus::prompt
