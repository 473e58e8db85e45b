// The prompt service as a process; the test plays the language model.

#include <signal.h>

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/catalogue/prompt.hpp>

#include "integration/system.hpp"
#include "services/http/tests/server.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::PromptRequest;
using catalogue::PromptResponse;
using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

class PromptProcess : public testing::Test {
 protected:
  void start() {
    system_.start("config-svc");
    system_.start("gateway");
    system_.start("prompt", {"-c", "4"});
    expect_success(system_.config(
        {{"operation", "put"},
         {"values",
          {{{"type", "prompt"}, {"key", "template-index"}, {"value", R"(["p"])"}},
           {{"type", "prompt"}, {"key", "template.p"}, {"value", R"({"prompt": "Hi {{name}}!"})"}},
           {{"type", "active-flow"}, {"key", "prompt"}, {"value", R"({"f1": {
              "request": "q1/tg/flow/prompts", "response": "q1/tg/flow/answers",
              "text-completion-request": "q1/tg/flow/questions", "text-completion-response": "q1/tg/flow/replies"}})"}}}}}));
    await_reader();
  }
  void await_reader() {
    EXPECT_TRUE(eventually([&] {
      const auto all = system_.bus().statistics(topic("prompts")).subscriptions;
      const auto found = all.find("prompt--f1--request");
      return found != all.end() && found->second.consumers > 0;
    })) << system_.process("prompt").output();
  }
  void ask(const std::string& id) {
    requests_.send({.id = "p", .terms = {{"name", '"' + id + '"'}}}, {.properties = {{"id", id}}});
  }
  /// Answers the next question with itself.
  void reply(const Message<TextCompletionRequest>& question) {
    replies_.send({.response = question->prompt, .end_of_stream = true},
                  {.properties = {{"id", *question.properties().find("id")}}});
    questions_.acknowledge(question);
  }

  System system_;
  Bus& bus_ = system_.bus();
  omnibus::Producer<PromptRequest> requests_ = bus_.create_producer<PromptRequest>(topic("prompts"));
  omnibus::Consumer<PromptResponse> answers_ = bus_.create_consumer<PromptResponse>(topic("answers"), "test");
  omnibus::Consumer<TextCompletionRequest> questions_ =
      bus_.create_consumer<TextCompletionRequest>(topic("questions"), "test");
  omnibus::Producer<TextCompletionResponse> replies_ =
      bus_.create_producer<TextCompletionResponse>(topic("replies"));
};

TEST_F(PromptProcess, LosesNoRequestWhenItIsKilledWhileTheModelThinks) {
  start();
  constexpr int requests = 20;
  std::set<std::string> missing;
  for (int i = 0; i < requests; ++i) ask(*missing.insert("r" + std::to_string(i)).first);
  (void)questions_.receive(30s);  // at work
  system_.kill("prompt");
  system_.start("prompt", {"-c", "4"});
  const std::jthread model([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (const auto question = questions_.poll(50ms)) reply(*question);
    }
  });
  while (!missing.empty()) {
    const auto answer = answers_.poll(30s);
    ASSERT_TRUE(answer) << missing.size() << " answers are missing";
    const auto id = answer->properties().value_or("id", "");
    EXPECT_EQ((*answer)->text, "Hi " + id + "!");
    missing.erase(id);
    answers_.acknowledge(*answer);
  }
  EXPECT_TRUE(eventually([&] {
    return bus_.statistics(topic("prompts")).subscriptions.at("prompt--f1--request").backlog == 0;
  }));
}

TEST_F(PromptProcess, StopsCleanlyOnSigterm) {
  start();
  ask("r1");
  reply(questions_.receive(30s));
  EXPECT_EQ(answers_.receive(30s)->text, "Hi r1!");
  auto& process = system_.process("prompt");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(15s), 0) << process.output();
}

TEST_F(PromptProcess, KeepsItsTemplatesWhenNewOnesAreMalformed) {
  start();
  expect_success(system_.config(
      {{"operation", "put"},
       {"values", {{{"type", "prompt"}, {"key", "template.p"}, {"value", R"({"prompt": "{% for %}"})"}}}}}));
  const auto line = system_.process("prompt").printed_after("cannot be used, those before stay: ");
  EXPECT_EQ(line, "Error in template: p: Template 'UNIDENTIFIED', line 1: Malformed 'for' tag.");
  ask("r1");
  reply(questions_.receive(30s));
  EXPECT_EQ(answers_.receive(30s)->text, "Hi r1!");
}

TEST_F(PromptProcess, ReachesAModelOverHttp) {
  const http::Server server([](const auto&) {
    return std::vector{http::answer(
        "200 OK", R"({"choices": [{"message": {"content": "hello"}}], "usage": {"prompt_tokens": 1}})")};
  });
  start();
  auto& process = system_.start("text-completion", {"-u", server.url(), "-k", "sesame", "-m", "m1"});
  expect_success(system_.config(
      {{"operation", "put"},
       {"values",
        {{{"type", "active-flow"},
          {"key", "text-completion"},
          {"value", R"({"f1": {"request": "q1/tg/flow/questions", "response": "q1/tg/flow/replies"}})"}}}}}));
  EXPECT_TRUE(eventually([&] {
    const auto all = bus_.statistics(topic("questions")).subscriptions;
    return all.contains("text-completion--f1--request");
  })) << process.output();
  ask("r1");
  EXPECT_EQ(answers_.receive(30s)->text, "hello");
  EXPECT_EQ(server.seen().at(0).authorization, "Bearer sesame");
  EXPECT_NE(server.seen().at(0).body.find("Hi r1!"), std::string::npos);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(15s), 0) << process.output();
  EXPECT_EQ(process.output().find("sesame"), std::string::npos) << "the key is secret";
}

}  // namespace
}  // namespace omnibus::integration
