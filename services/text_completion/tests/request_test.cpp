// One flow of the service, with a real HTTP server for the model.

#include <gtest/gtest.h>

#include <atomic>

#include <omnibus/omnibus.hpp>

#include "services/http/tests/server.hpp"
#include "services/text_completion/request.hpp"
#include "services/text_completion/tests/piece.hpp"

namespace omnibus::text_completion {
namespace {

using namespace std::chrono_literals;
using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;
using http::always, http::cut_events, http::events, http::Server;

constexpr const char* hello = R"({"choices": [{"message": {"content": "hello"}}],
                                  "usage": {"prompt_tokens": 3, "completion_tokens": 1}})";

class RequestTest : public testing::Test {
 protected:
  void start(Server::Script script, const framework::FlowDefinition& parameters = {}) {
    server_ = std::make_unique<Server>(std::move(script));
    models_ =
        std::make_shared<Models>(http::Address{.url = server_->url(), .key = "k"}, Defaults{.model = "m"});
    framework::FlowDefinition definition{{"request", "q1/tg/flow/request"},
                                         {"response", "q1/tg/flow/response"}};
    definition.insert(parameters.begin(), parameters.end());
    flow_ = std::make_shared<framework::Flow>(bus_, "text-completion", "f1", definition);
    framework::ParameterSpec("model").build(*flow_);
    framework::ParameterSpec("temperature").build(*flow_);
    framework::ProducerSpec<TextCompletionResponse>("response").build(*flow_);
    framework::ConsumerSettings request;
    request.name = "request";
    request.rate_limit_retry = 1ms;
    framework::ConsumerSpec<TextCompletionRequest>(
        request, framework::Handler<TextCompletionRequest>(
                     [models = models_](const auto& message, const auto& context) {
                       answer(*models, message, context);
                     }))
        .build(*flow_);
    flow_->start();
  }
  ~RequestTest() override {
    if (flow_) flow_->stop(10s);
  }
  void ask(bool streaming = false) {
    requests_.send({.system = "s", .prompt = "p", .streaming = streaming}, {.properties = {{"id", "r1"}}});
  }
  TextCompletionResponse answered() {
    const auto message = answers_.receive(10s);
    EXPECT_EQ(message.properties().value_or("id", ""), "r1");
    answers_.acknowledge(message);
    return message.value();
  }
  void expect_failure(const std::string& reason) {
    EXPECT_EQ(answered(), (TextCompletionResponse{.error = catalogue::Error{"llm-error", reason},
                                                  .end_of_stream = true}));
    flow_->stop(10s);
    EXPECT_EQ(bus_.statistics(topic("request")).subscriptions.at("text-completion--f1--request").backlog, 0u);
  }
  double rate_limited() {
    return bus_.metrics()
        .counter("rate_limit_count", "",
                 {{"processor", "text-completion"}, {"flow", "f1"}, {"name", "request"}})
        .value();
  }

  Bus bus_ = connect("embedded://");
  omnibus::Producer<TextCompletionRequest> requests_ =
      bus_.create_producer<TextCompletionRequest>(topic("request"));
  omnibus::Consumer<TextCompletionResponse> answers_ =
      bus_.create_consumer<TextCompletionResponse>(topic("response"), "t");
  std::unique_ptr<Server> server_;
  std::shared_ptr<Models> models_;
  std::shared_ptr<framework::Flow> flow_;
};

TEST_F(RequestTest, AnswersAtOnce) {
  start(always({http::answer("200 OK", hello)}));
  ask();
  EXPECT_EQ(answered(),
            (TextCompletionResponse{
                .response = "hello", .in_token = 3, .out_token = 1, .model = "m", .end_of_stream = true}));
  EXPECT_NE(server_->seen().at(0).body.find(R"("text": "s\n\np")"), std::string::npos);
}

TEST_F(RequestTest, AnswersPieceByPiece) {
  start(always(events({piece("a"), piece("b"), "[DONE]"})));
  ask(true);
  EXPECT_EQ(answered(), (TextCompletionResponse{.response = "a", .model = "m"}));
  EXPECT_EQ(answered(), (TextCompletionResponse{.response = "b", .model = "m"}));
  EXPECT_EQ(answered(), (TextCompletionResponse{.response = "", .model = "m", .end_of_stream = true}));
}

TEST_F(RequestTest, AsksAsTheFlowSays) {
  start(always({http::answer("200 OK", hello)}), {{"model", "other"}, {"temperature", "0.7"}});
  ask();
  EXPECT_EQ(answered().model, "other");
  const auto body = server_->seen().at(0).body;
  EXPECT_NE(body.find(R"("model": "other")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("temperature": 0.7)"), std::string::npos) << body;
  flow_->stop(10s);
  const auto metrics = bus_.metrics().text();
  EXPECT_NE(metrics.find("text_completion_duration_count{flow=\"f1-request\",id=\"text-completion\"} 1"),
            std::string::npos)
      << metrics;
  EXPECT_NE(
      metrics.find("text_completion_model_info{flow=\"f1\",model=\"other\",processor=\"text-completion\","
                   "temperature=\"0.7\"} 1"),
      std::string::npos)
      << metrics;
}

TEST_F(RequestTest, WaitsWhenThereWereTooManyRequests) {
  for (const bool streaming : {false, true}) {
    if (flow_) flow_->stop(10s);
    start([left = std::make_shared<std::atomic<int>>(2), streaming](const Server::Request&) {
      if ((*left)-- > 0)
        return std::vector{http::answer("429 Too Many Requests", R"({"error": {"message": "slow"}})")};
      return streaming ? events({piece("hello"), "[DONE]"}) : std::vector{http::answer("200 OK", hello)};
    });
    ask(streaming);
    EXPECT_EQ(answered().response, "hello");
    EXPECT_EQ(server_->seen().size(), 3u);
    if (streaming) {
      EXPECT_TRUE(answered().end_of_stream);
    }
  }
  EXPECT_EQ(rate_limited(), 4);
}

TEST_F(RequestTest, TellsWhatTheServerSays) {
  start(always({http::answer("401 No", R"({"error": {"message": "bad key"}})")}));
  ask();
  expect_failure("Error code: 401 - {'error': {'message': 'bad key'}}");
}

TEST_F(RequestTest, TellsOfGarbage) {
  start(always({http::answer("200 OK", "{}")}));
  ask();
  expect_failure("the model's answer has no choices");
}

TEST_F(RequestTest, TellsOfATemperatureThatIsNone) {
  start(always({}), {{"temperature", "hot"}});
  ask();
  expect_failure("parameter temperature is 'hot' (it takes a number)");
}

TEST_F(RequestTest, EndsACutStreamWithAnError) {
  start(always(cut_events({piece("a")})));
  ask(true);
  EXPECT_EQ(answered().response, "a");
  const auto last = answered();
  EXPECT_EQ(last.error.value_or(catalogue::Error{}).type, "llm-error");
  EXPECT_EQ(last.response, std::nullopt);
  EXPECT_TRUE(last.end_of_stream);
}

}  // namespace
}  // namespace omnibus::text_completion
