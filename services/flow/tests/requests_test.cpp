#include "services/flow/requests.hpp"

#include <gtest/gtest.h>

#include "services/flow/plan.hpp"
#include "services/flow/tests/fake_config.hpp"

namespace omnibus::flow {
namespace {

using catalogue::FlowRequest;

constexpr const char* blueprint =
    R"({"blueprint": {}, "flow": {"chunker:{id}": {"input": "q1/tg/flow/in:{id}", "size": "{size}"}}})";

class FlowRequests : public testing::Test {
 protected:
  catalogue::FlowResponse ask(FlowRequest request) {
    return Requests(config_, [this] { return now_; }).handle(request);
  }
  std::string error_of(FlowRequest request) {
    const auto answer = ask(std::move(request));
    return answer.error ? answer.error->type + ": " + answer.error->message : "no error";
  }
  void put_blueprint() {
    ask({.operation = "put-blueprint", .blueprint_name = "demo", .blueprint_definition = blueprint});
  }
  static FlowRequest start(std::string id) {
    return {.operation = "start-flow",
            .blueprint_name = "demo",
            .description = "first",
            .flow_id = std::move(id),
            .parameters = {{{"size", "5"}}}};
  }
  static FlowRequest stop(std::string id) { return {.operation = "stop-flow", .flow_id = std::move(id)}; }

  FakeConfig config_;
  TimePoint now_{};
};

TEST_F(FlowRequests, KeepBlueprints) {
  put_blueprint();
  EXPECT_EQ(ask({.operation = "list-blueprints"}).blueprint_names, std::vector<std::string>{"demo"});
  EXPECT_EQ(ask({.operation = "get-blueprint", .blueprint_name = "demo"}).blueprint_definition, blueprint);
  EXPECT_EQ(ask({.operation = "get-blueprint", .blueprint_name = "no"}).blueprint_definition, std::nullopt);
  EXPECT_EQ(error_of({.operation = "delete-blueprint", .blueprint_name = "demo"}), "no error");
  EXPECT_EQ(ask({.operation = "list-blueprints"}).blueprint_names, std::vector<std::string>{});
  EXPECT_EQ(config_.snapshot.version, 2);
}

TEST_F(FlowRequests, StartAndStopWithOneChangeEach) {
  put_blueprint();
  EXPECT_EQ(error_of(start("f1")), "no error");
  EXPECT_EQ(config_.snapshot.version, 2);
  EXPECT_EQ(ask({.operation = "list-flows"}).flow_ids, std::vector<std::string>{"f1"});
  const auto flow = ask({.operation = "get-flow", .flow_id = "f1"});
  EXPECT_EQ(flow.description, "first");
  EXPECT_EQ(flow.parameters, (std::map<std::string, std::string>{{"size", "5"}}));
  EXPECT_EQ(flow.flow, *find(config_.snapshot.values, "flow", "f1"));
  EXPECT_EQ(error_of(stop("f1")), "no error");
  EXPECT_EQ(config_.snapshot.version, 3);
  EXPECT_EQ(config_.snapshot.values["active-flow"]["chunker"], "{}");
}

TEST_F(FlowRequests, FailuresAreAnswers) {
  put_blueprint();
  EXPECT_EQ(error_of({.operation = "start-flow"}), "flow-error: No blueprint name");
  EXPECT_EQ(error_of(stop("no")), "flow-error: Flow ID invalid");
  EXPECT_EQ(error_of({.operation = "get-flow", .flow_id = "no"}), "flow-error: Flow ID invalid");
  EXPECT_EQ(error_of({.operation = "put-blueprint", .blueprint_name = "x"}),
            "flow-error: No blueprint definition");
  EXPECT_EQ(error_of({.operation = "list-classes"}), "bad-operation: Bad operation");
  ask(start("f1"));
  EXPECT_EQ(error_of(start("f1")), "flow-error: Flow already exists");
}

TEST_F(FlowRequests, PlanAgainWhenTheConfigurationMoved) {
  put_blueprint();
  int others = 3;
  config_.before_apply = [&] {
    if (others-- <= 0) return;
    config_.snapshot.values["active-flow"]["chunker"] = R"({"other": {}})";
    ++config_.snapshot.version;
  };
  EXPECT_EQ(error_of(start("f1")), "no error");
  EXPECT_EQ(config_.snapshot.values["active-flow"]["chunker"],
            R"({"other": {}, "f1": {"input": "q1/tg/flow/in:f1", "size": "5"}})");
}

TEST_F(FlowRequests, GiveUpWhenTheConfigurationNeverRests) {
  put_blueprint();
  config_.before_apply = [&] {
    ++config_.snapshot.version;
    now_ += std::chrono::seconds(1);
  };
  EXPECT_EQ(error_of(start("f1")), "flow-error: moved");
}

TEST_F(FlowRequests, WinAgainstManyWritersInTheEnd) {
  put_blueprint();
  int others = 1000;
  config_.before_apply = [&] { config_.snapshot.version += others-- > 0 ? 1 : 0; };
  EXPECT_EQ(error_of(start("f1")), "no error");
}

TEST_F(FlowRequests, LookWhetherALostAnswerWasASuccess) {
  put_blueprint();
  config_.after_apply = [] { throw TimeoutError("nobody answered"); };
  EXPECT_EQ(error_of(start("f1")), "no error");
  EXPECT_EQ(config_.applies, 2);
}

TEST_F(FlowRequests, RepeatWhatALostRequestDidNotDo) {
  put_blueprint();
  bool lost = false;
  config_.before_apply = [&] {
    if (!std::exchange(lost, true)) throw Error(ErrorCode::unavailable, "no link");
  };
  EXPECT_EQ(error_of(start("f1")), "no error");
  EXPECT_NE(find(config_.snapshot.values, "flow", "f1"), nullptr);
}

TEST_F(FlowRequests, RefuseAServiceThatDoesNotKnowApply) {
  put_blueprint();
  config_.before_apply = [] { throw Error(ErrorCode::unsupported, "Bad operation"); };
  const auto text = error_of(start("f1"));
  EXPECT_EQ(text.find("flow-error: the configuration service does not know the operation 'apply'"), 0u)
      << text;
}

}  // namespace
}  // namespace omnibus::flow
