#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "services/gateway/dispatch/exchange.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

class ExchangeTest : public testing::Test {
 protected:
  Reply reply() {
    return [this](Answer answer) {
      answers_.push_back(std::move(answer));
      return listening_;
    };
  }
  std::shared_ptr<Exchange> http(HttpErrors errors = HttpErrors::compatible) {
    return std::make_shared<Exchange>(reply(), errors);
  }
  std::shared_ptr<Exchange> socket() { return std::make_shared<Exchange>(reply(), json::value("r1")); }
  json::value body(std::size_t index = 0) { return json::parse(answers_.at(index).body); }

  std::vector<Answer> answers_;
  bool listening_ = true;
};

TEST_F(ExchangeTest, AnswersHttpWithTheBareResponse) {
  EXPECT_TRUE(http()->answer({{"a", 1}}, true));
  EXPECT_EQ(body(), json::parse(R"({"a": 1})"));
  EXPECT_EQ(answers_[0].status, 200u);
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(ExchangeTest, AnswersSocketsWithIdAndCompletion) {
  const auto exchange = socket();
  exchange->answer({{"a", 1}}, false);
  exchange->answer({{"a", 2}}, true);
  EXPECT_EQ(body(0), json::parse(R"({"id": "r1", "response": {"a": 1}, "complete": false})"));
  EXPECT_EQ(body(1), json::parse(R"({"id": "r1", "response": {"a": 2}, "complete": true})"));
  EXPECT_FALSE(exchange->answer({}, true));
  EXPECT_EQ(answers_.size(), 2u);
}

TEST_F(ExchangeTest, TellsServiceErrors) {
  http()->service_error("flow-error", "No description");
  EXPECT_EQ(body(), json::parse(R"({"error": {"type": "flow-error", "message": "No description"}})"));
  socket()->service_error("bad-operation", "Bad operation");
  EXPECT_EQ(body(1), json::parse(R"({"id": "r1", "complete": true,
      "response": {"error": {"type": "bad-operation", "message": "Bad operation"}}})"));
}

TEST_F(ExchangeTest, TellsDispatchErrorsWithIdAndCompletion) {
  http()->dispatch_error("Invalid flow", 404);
  EXPECT_EQ(body(), json::parse(R"({"error": "Invalid flow"})"));
  EXPECT_EQ(answers_[0].status, 200u);
  socket()->dispatch_error("Invalid flow", 404);
  EXPECT_EQ(body(1),
            json::parse(
                R"({"id": "r1", "error": {"type": "error", "message": "Invalid flow"}, "complete": true})"));
  std::make_shared<Exchange>(reply(), std::nullopt)->dispatch_error("Bad message", 400);
  EXPECT_EQ(body(2),
            json::parse(R"({"error": {"type": "error", "message": "Bad message"}, "complete": true})"));
}

TEST_F(ExchangeTest, GivesRealStatusCodesWhenAsked) {
  http(HttpErrors::strict)->dispatch_error("Invalid flow", 404);
  http(HttpErrors::strict)->service_error("bad-operation", "");
  http(HttpErrors::strict)->service_error("conflict", "");
  http(HttpErrors::strict)->service_error("llm-error", "");
  http(HttpErrors::strict)->gateway_error(TimeoutError("late"));
  http(HttpErrors::strict)->gateway_error(Error(ErrorCode::unavailable, "no broker"));
  http(HttpErrors::strict)->answer({}, true);
  std::vector<unsigned> statuses;
  for (const auto& answer : answers_) statuses.push_back(answer.status);
  EXPECT_EQ(statuses, (std::vector<unsigned>{404, 400, 409, 502, 504, 503, 200}));
  EXPECT_EQ(body(4), json::parse(R"({"error": {"type": "gateway-error", "message": "Timeout"}})"));
}

TEST_F(ExchangeTest, AnswersForSure) {
  http().reset();
  EXPECT_EQ(body(),
            json::parse(R"({"error": {"type": "gateway-error", "message": "the request was given up"}})"));
  auto begun = socket();
  begun->answer({{"a", 1}}, false);
  begun.reset();
  EXPECT_TRUE(answers_.at(2).complete);
}

TEST_F(ExchangeTest, TellsWhenNobodyListens) {
  listening_ = false;
  EXPECT_FALSE(socket()->answer({}, false));
}

TEST_F(ExchangeTest, HoldsTheLastAnswerUntilItMayGo) {
  std::function<void()> proceed;
  const auto exchange = http();
  exchange->hold_last([&](std::function<void()> go) { proceed = std::move(go); });
  EXPECT_TRUE(exchange->answer({{"a", 1}}, true));
  EXPECT_TRUE(answers_.empty());
  proceed();
  EXPECT_EQ(body(), json::parse(R"({"a": 1})"));
  const auto refused = http();
  refused->hold_last([](const std::function<void()>&) { FAIL() << "errors are not held"; });
  refused->service_error("flow-error", "no");
  EXPECT_EQ(answers_.size(), 2u);
}

TEST_F(ExchangeTest, CountsPerService) {
  Metrics metrics;
  auto& success = metrics.counter("s", "");
  auto& error = metrics.counter("e", "");
  auto& latency = metrics.histogram("l", "");
  for (const bool fine : {true, false}) {
    const auto exchange = socket();
    exchange->count_as({success, error, latency});
    fine ? (void)exchange->answer({}, true) : exchange->dispatch_error("no", 400);
  }
  EXPECT_EQ(success.value(), 1);
  EXPECT_EQ(error.value(), 1);
}

}  // namespace
}  // namespace omnibus::gateway
