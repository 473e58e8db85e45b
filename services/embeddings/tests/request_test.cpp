// One flow of the service, with a real HTTP server for the model.

#include <gtest/gtest.h>

#include <atomic>

#include <omnibus/omnibus.hpp>

#include "services/embeddings/request.hpp"
#include "services/http/tests/server.hpp"

namespace omnibus::embeddings {
namespace {

using namespace std::chrono_literals;
using catalogue::EmbeddingsRequest;
using catalogue::EmbeddingsResponse;
using http::always, http::Server;

constexpr const char* ollama_vector = R"({"embeddings": [[0.5, 1]]})";

class EmbeddingsTest : public testing::Test {
 protected:
  void start(Server::Script script, Kind kind = Kind::ollama, const framework::FlowDefinition& more = {}) {
    server_ = std::make_unique<Server>(std::move(script));
    models_ = std::make_shared<Models>(kind, http::Address{.url = server_->url(), .key = "k"}, "m");
    framework::FlowDefinition definition{{"request", "q1/tg/flow/request"},
                                         {"response", "q1/tg/flow/response"}};
    definition.insert(more.begin(), more.end());
    flow_ = std::make_shared<framework::Flow>(bus_, "embeddings", "f1", definition);
    framework::ParameterSpec("model").build(*flow_);
    framework::ProducerSpec<EmbeddingsResponse>("response").build(*flow_);
    framework::ConsumerSettings request;
    request.name = "request";
    request.rate_limit_retry = 1ms;
    framework::ConsumerSpec<EmbeddingsRequest>(
        request,
        framework::Handler<EmbeddingsRequest>([models = models_](const auto& message, const auto& context) {
          answer(*models, message, context);
        }))
        .build(*flow_);
    flow_->start();
  }
  ~EmbeddingsTest() override {
    if (flow_) flow_->stop(10s);
  }
  EmbeddingsResponse ask(const std::string& text = "hello") {
    requests_.send({.text = text}, {.properties = {{"id", "r1"}}});
    const auto message = answers_.receive(10s);
    EXPECT_EQ(message.properties().value_or("id", ""), "r1");
    answers_.acknowledge(message);
    return message.value();
  }
  /// Fails the test unless the next answer is this error, with null vectors, and the request is done with.
  void expect_failure(const std::string& reason, const std::string& text = "hello") {
    EXPECT_EQ(ask(text), (EmbeddingsResponse{.error = catalogue::Error{"embeddings-error", reason}}));
    flow_->stop(10s);
    EXPECT_EQ(bus_.statistics(topic("request")).subscriptions.at("embeddings--f1--request").backlog, 0u);
  }

  Bus bus_ = connect("embedded://");
  omnibus::Producer<EmbeddingsRequest> requests_ = bus_.create_producer<EmbeddingsRequest>(topic("request"));
  omnibus::Consumer<EmbeddingsResponse> answers_ =
      bus_.create_consumer<EmbeddingsResponse>(topic("response"), "t");
  std::unique_ptr<Server> server_;
  std::shared_ptr<Models> models_;
  std::shared_ptr<framework::Flow> flow_;
};

EmbeddingsResponse one_vector(std::vector<double> vector) {
  EmbeddingsResponse out;
  out.vectors.emplace().push_back(std::move(vector));
  return out;
}

TEST_F(EmbeddingsTest, AsksOllama) {
  start(always({http::answer("200 OK", ollama_vector)}));
  EXPECT_EQ(ask(), one_vector({0.5, 1}));
  EXPECT_EQ(server_->seen().at(0).target, "/v1/api/embed");
  EXPECT_EQ(server_->seen().at(0).body, R"({"model": "m", "input": "hello"})");
}

TEST_F(EmbeddingsTest, AsksOpenAiForTheFlowsModel) {
  start(always({http::answer("200 OK", R"({"data": [{"embedding": [1, 2]}]})")}), Kind::openai,
        {{"model", "other"}});
  EXPECT_EQ(ask(), one_vector({1, 2}));
  EXPECT_EQ(server_->seen().at(0).target, "/v1/embeddings");
  EXPECT_EQ(server_->seen().at(0).authorization, "Bearer k");
  EXPECT_EQ(server_->seen().at(0).body, R"({"model": "other", "input": "hello"})");
  flow_->stop(10s);
  const auto metrics = bus_.metrics().text();
  EXPECT_NE(metrics.find("embeddings_duration_count{flow=\"f1-request\",id=\"embeddings\"} 1"),
            std::string::npos)
      << metrics;
}

TEST_F(EmbeddingsTest, WaitsWhenThereWereTooManyRequests) {
  start([left = std::make_shared<std::atomic<int>>(2)](const Server::Request&) {
    return std::vector{(*left)-- > 0 ? http::answer("429 Too Many Requests", "{}")
                                     : http::answer("200 OK", ollama_vector)};
  });
  EXPECT_EQ(ask(), one_vector({0.5, 1}));
  EXPECT_EQ(server_->seen().size(), 3u);
}

TEST_F(EmbeddingsTest, TellsWhatTheServerSays) {
  start(always({http::answer("500 Oops", R"({"error": "no such model"})")}));
  expect_failure("Error code: 500 - {'error': 'no such model'}");
}

TEST_F(EmbeddingsTest, TellsOfAWrongNumberOfVectors) {
  start(always({http::answer("200 OK", R"({"embeddings": [[1], [2]]})")}));
  expect_failure("the model's answer has 2 vectors for one text");
}

TEST_F(EmbeddingsTest, RefusesAnEmptyTextWithoutAsking) {
  start(always({http::answer("200 OK", ollama_vector)}));
  expect_failure("the text to embed is empty", "");
  EXPECT_TRUE(server_->seen().empty());
}

}  // namespace
}  // namespace omnibus::embeddings
