#include "services/rpc/replies.hpp"

#include <atomic>

#include <gtest/gtest.h>

#include <omnibus/catalogue/llm.hpp>
#include <omnibus/omnibus.hpp>

namespace omnibus::rpc {
namespace {

using namespace std::chrono_literals;
using catalogue::TextCompletionRequest;
using catalogue::TextCompletionResponse;

class RpcReplies : public testing::Test {
 protected:
  using Work = std::function<void(Replies<TextCompletionResponse>&)>;

  ~RpcReplies() override { flow_->stop(10s); }

  void start(Work work) {
    framework::ProducerSpec<TextCompletionResponse>("response").build(*flow_);
    framework::ConsumerSettings request;
    request.name = "request";
    request.rate_limit_retry = 1ms;
    framework::ConsumerSpec<TextCompletionRequest>(
        request, framework::Handler<TextCompletionRequest>([work = std::move(work)](const auto& message,
                                                                                    const auto& context) {
          Replies<TextCompletionResponse> replies(context, message, "a test");
          replies.guarded(
              [&] { work(replies); },
              [](std::string reason) {
                return TextCompletionResponse{.error = catalogue::Error{"test-error", std::move(reason)}};
              });
        }))
        .build(*flow_);
    flow_->start();
  }
  TextCompletionResponse ask() {
    requests_.send({.system = "s"}, {.properties = {{"id", "r1"}}});
    const auto message = answers_.receive(60s);
    EXPECT_EQ(message.properties().value_or("id", ""), "r1");
    answers_.acknowledge(message);
    return message.value();
  }
  void expect_nothing_left() {
    flow_->stop(10s);
    EXPECT_EQ(bus_.statistics(topic("request")).subscriptions.at("test--f1--request").backlog, 0u);
  }
  void expect_refusal(const std::string& reason) {
    const auto answer = ask();
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->type, "test-error");
    EXPECT_NE(answer.error->message.find(reason), std::string::npos) << answer.error->message;
    expect_nothing_left();
  }

  Bus bus_ = connect("embedded://");
  omnibus::Producer<TextCompletionRequest> requests_ =
      bus_.create_producer<TextCompletionRequest>(topic("request"));
  omnibus::Consumer<TextCompletionResponse> answers_ =
      bus_.create_consumer<TextCompletionResponse>(topic("response"), "t");
  const std::shared_ptr<framework::Flow> flow_ = std::make_shared<framework::Flow>(
      bus_, "test", "f1",
      framework::FlowDefinition{{"request", "q1/tg/flow/request"}, {"response", "q1/tg/flow/response"}});
};

TEST_F(RpcReplies, CarryTheIdOfTheRequest) {
  start([](auto& replies) { replies.send({.response = "yes", .end_of_stream = true}); });
  EXPECT_EQ(ask().response, "yes");
  expect_nothing_left();
}

TEST_F(RpcReplies, TellTheRequesterOfAFailure) {
  start([](auto&) { throw Error(ErrorCode::io, "the disk is gone"); });
  expect_refusal("the disk is gone");
}

TEST_F(RpcReplies, TellTheRequesterOfAnAnswerTooLargeToBeSent) {
  const auto limit = bus_.features().max_message_size;
  ASSERT_GT(limit, 0u);
  start([limit](auto& replies) { replies.send({.response = std::string(limit / 6 + 1, '\x01')}); });
  expect_refusal("bytes, the limit is " + std::to_string(limit));
}

TEST_F(RpcReplies, TellTheRequesterOfAnAnswerThatNoMessageCanHold) {
  start([](auto& replies) { replies.send({.response = "\xff"}); });
  expect_refusal("UTF-8");
}

TEST_F(RpcReplies, LetARequestComeAgainWhenThereWereTooMany) {
  start([left = std::make_shared<std::atomic<int>>(2)](auto& replies) {
    if ((*left)-- > 0) throw TooManyRequests("not now");
    replies.send({.response = "now"});
  });
  EXPECT_EQ(ask().response, "now");
  expect_nothing_left();
}

}  // namespace
}  // namespace omnibus::rpc
