#pragma once

#include <gtest/gtest.h>

#include <omnibus/omnibus.hpp>

#include "services/embeddings/client.hpp"

namespace omnibus::embeddings {

/// One flow of a service that asks for vectors; the test plays the embeddings service.
template <class Input, class Output>
class GlueTest : public testing::Test {
 protected:
  explicit GlueTest(framework::AsyncHandler<Input> handler) {
    ClientSpec().build(*flow_);
    framework::ProducerSpec<Output>("output").build(*flow_);
    framework::ConsumerSettings input;
    input.name = "input";
    input.options.redelivery.initial = std::chrono::milliseconds(1);
    input.options.redelivery.maximum = std::chrono::milliseconds(5);
    framework::ConsumerSpec<Input>(input, std::move(handler)).build(*flow_);
    flow_->start();
  }
  ~GlueTest() override { flow_->stop(std::chrono::seconds(10)); }

  /// Waits for the next question, answers it and returns its text.
  std::string reply(const catalogue::EmbeddingsResponse& answer) {
    const auto question = questions_.receive(std::chrono::seconds(10));
    replies_.send(answer, {.properties = {{"id", *question.properties().find("id")}}});
    questions_.acknowledge(question);
    return question->text;
  }
  static catalogue::EmbeddingsResponse vector(double number) {
    catalogue::EmbeddingsResponse out;
    out.vectors.emplace().push_back({number});
    return out;
  }
  static catalogue::EmbeddingsResponse failure() {
    return {.error = catalogue::Error{"embeddings-error", "no"}};
  }
  Output sent() {
    const auto message = outputs_.receive(std::chrono::seconds(10));
    outputs_.acknowledge(message);
    return message.value();
  }
  /// Stops the flow. Messages that it has not acknowledged.
  std::size_t left() {
    flow_->stop(std::chrono::seconds(10));
    return bus_.statistics(topic("input")).subscriptions.at("glue--f1--input").backlog;
  }

  Bus bus_ = connect("embedded://");
  omnibus::Producer<Input> inputs_ = bus_.create_producer<Input>(topic("input"));
  omnibus::Consumer<Output> outputs_ = bus_.create_consumer<Output>(topic("output"), "t");
  omnibus::Consumer<catalogue::EmbeddingsRequest> questions_ =
      bus_.create_consumer<catalogue::EmbeddingsRequest>(topic("questions"), "t");
  omnibus::Producer<catalogue::EmbeddingsResponse> replies_ =
      bus_.create_producer<catalogue::EmbeddingsResponse>(topic("replies"));
  const std::shared_ptr<framework::Flow> flow_ = std::make_shared<framework::Flow>(
      bus_, "glue", "f1",
      framework::FlowDefinition{{"input", "q1/tg/flow/input"},
                                {"output", "q1/tg/flow/output"},
                                {"embeddings-request", "q1/tg/flow/questions"},
                                {"embeddings-response", "q1/tg/flow/replies"}});
};

}  // namespace omnibus::embeddings
