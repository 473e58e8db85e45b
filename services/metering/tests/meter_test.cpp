#include "services/metering/meter.hpp"

#include <gtest/gtest.h>

#include "core/tests/thrown.hpp"

namespace omnibus::metering {
namespace {

constexpr const char* cheap = R"({"input_price": 0.5, "output_price": 2})";

class TheMeter : public testing::Test {
 protected:
  static Prices prices(const std::map<std::string, std::string>& entries) { return Prices(entries); }
  static catalogue::TextCompletionResponse answer(std::optional<std::string> model,
                                                  std::optional<std::int64_t> in = 10,
                                                  std::optional<std::int64_t> out = 3) {
    return {.response = "", .in_token = in, .out_token = out, .model = std::move(model)};
  }
  double value(const char* name, const std::string& model, const std::string& direction) {
    return metrics_.counter(name, "", {{"model", model}, {"direction", direction}}).value();
  }
  bool shows(const std::string& text) { return metrics_.text().find(text) != std::string::npos; }

  Metrics metrics_;
  Meter meter_{metrics_, 2};
};

TEST_F(TheMeter, CountsTokensAndCostByModelAndDirection) {
  meter_.use(prices({{"m", cheap}}));
  meter_.count(answer("m"));
  meter_.count(answer("m"));
  EXPECT_EQ(value("tokens", "m", "input"), 20);
  EXPECT_EQ(value("tokens", "m", "output"), 6);
  EXPECT_EQ(value("cost", "m", "input"), 10);
  EXPECT_EQ(value("cost", "m", "output"), 12);
}

TEST_F(TheMeter, CountsOnlyTokensOfAModelWithoutPrice) {
  meter_.use(prices({{"m", cheap}}));
  meter_.count(answer("n"));
  meter_.count(answer(std::nullopt));
  EXPECT_TRUE(shows("tokens_total{direction=\"input\",model=\"n\"} 10\n")) << metrics_.text();
  EXPECT_TRUE(shows("tokens_total{direction=\"output\",model=\"unknown\"} 3\n"));
  EXPECT_FALSE(shows("cost_total"));
}

TEST_F(TheMeter, TakesAbsentAndNegativeCountsForNone) {
  meter_.use(prices({{"m", cheap}}));
  meter_.count(answer("m", std::nullopt, std::nullopt));
  meter_.count(answer("m", -5, 1));
  EXPECT_EQ(value("tokens", "m", "input"), 0);
  EXPECT_EQ(value("cost", "m", "output"), 2);
}

TEST_F(TheMeter, BoundsTheSeries) {
  meter_.use(prices({{"m", cheap}}));
  meter_.count(answer(std::string(1000, 'x')));
  for (int i = 0; i < 100; ++i) meter_.count(answer("model-" + std::to_string(i)));
  meter_.count(answer("m"));
  meter_.count(answer(std::nullopt));
  EXPECT_EQ(value("tokens", "model-1", "input"), 10);
  EXPECT_EQ(value("tokens", "other", "input"), 990);
  EXPECT_EQ(value("tokens", "m", "input"), 10);
  EXPECT_EQ(value("tokens", "unknown", "input"), 10);
  EXPECT_FALSE(shows("model-2"));
  EXPECT_FALSE(shows("xxx"));
}

TEST_F(TheMeter, FollowsThePrices) {
  EXPECT_EQ(code_of([&] { meter_.count(answer("m")); }), ErrorCode::too_many_requests);
  meter_.use(prices({{"m", cheap}}));
  meter_.count(answer("m"));
  meter_.use(prices({{"m", R"({"input_price": 1, "output_price": 0})"}}));
  meter_.count(answer("m"));
  EXPECT_EQ(value("cost", "m", "input"), 15);
  EXPECT_EQ(value("cost", "m", "output"), 6);
}

TEST_F(TheMeter, NamesPricesThatCannotBeUsed) {
  meter_.use(prices({{"a", "no JSON"},
                     {"b", R"({"input_price": 1})"},
                     {"c", R"({"input_price": "1", "output_price": -1})"},
                     {"d", R"([1])"},
                     {"m", cheap}}));
  const auto trouble = meter_.trouble();
  for (const char* part : {"price of model 'a': it: ", "price of model 'b': there is no 'output_price'",
                           "price of model 'c': 'input_price' is '1' (it takes a number, at least 0)",
                           "price of model 'd': there is no 'input_price'"}) {
    EXPECT_NE(trouble.find(part), std::string::npos) << trouble;
  }
  EXPECT_EQ(trouble.find("'m'"), std::string::npos);
  meter_.count(answer("m"));
  EXPECT_EQ(value("cost", "m", "input"), 5);
}

}  // namespace
}  // namespace omnibus::metering
