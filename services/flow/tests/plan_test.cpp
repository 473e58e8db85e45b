#include "services/flow/plan.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <omnibus/error.hpp>

namespace omnibus::flow {
namespace {

constexpr const char* blueprint_text = R"({
  "interfaces": {"text-load": "q1/tg/flow/text-load:{id}",
                 "prompt": {"request": "q0/tg/request/prompt:{blueprint}", "response": "q0/tg/response/prompt:{blueprint}"}},
  "parameters": {"model": {"type": "llm-model"}},
  "blueprint": {"prompt:{blueprint}": {"request": "q0/tg/request/prompt:{blueprint}", "model": "{model}"}},
  "flow": {"chunker:{id}": {"input": "q1/tg/flow/text-load:{id}", "output": "persistent://tg/flow/chunks:{id}",
                            "chunk-size": "{chunk-size}"}}})";

config::Values demo() {
  return {{"flow-blueprint", {{"demo", blueprint_text}}},
          {"parameter-type", {{"llm-model", R"({"type": "string", "default": "m-small"})"}}}};
}

Start start_of(std::string id) {
  return {.blueprint = "demo",
          .id = std::move(id),
          .description = "first",
          .parameters = {{"chunk-size", "500"}}};
}

config::Values after(config::Values values, const config::Change& change) {
  for (const auto& key : change.remove) values[key.type].erase(key.key);
  for (const auto& item : change.put) values[item.type][item.key] = item.value;
  return values;
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(PlanStart, WritesFlowAndActiveFlows) {
  const auto values = after(demo(), plan_start(demo(), start_of("f1")));
  EXPECT_EQ(values.at("active-flow").at("chunker"),
            R"({"f1": {"input": "q1/tg/flow/text-load:f1", "output": "persistent://tg/flow/chunks:f1", )"
            R"("chunk-size": "500"}})");
  EXPECT_EQ(values.at("active-flow").at("prompt"),
            R"({"demo": {"request": "q0/tg/request/prompt:demo", "model": "m-small"}})");
  EXPECT_EQ(
      values.at("flow").at("f1"),
      R"({"description": "first", "blueprint-name": "demo", "interfaces": {"text-load": "q1/tg/flow/text-load:f1", )"
      R"("prompt": {"request": "q0/tg/request/prompt:demo", "response": "q0/tg/response/prompt:demo"}}, )"
      R"("parameters": {"model": "m-small", "chunk-size": "500"}})");
}

TEST(PlanStart, KeepsWhatTheFirstFlowGaveToSharedServices) {
  auto values = after(demo(), plan_start(demo(), start_of("f1")));
  auto second = start_of("f2");
  second.parameters["model"] = "m-large";
  values = after(values, plan_start(values, second));
  EXPECT_EQ(values.at("active-flow").at("prompt"),
            R"({"demo": {"request": "q0/tg/request/prompt:demo", "model": "m-small"}})");
  EXPECT_EQ(boost::json::parse(values.at("active-flow").at("chunker")).as_object().size(), 2u);
}

TEST(PlanStart, ChecksInTheRecordedOrder) {
  auto values = demo();
  EXPECT_EQ(message_of([&] { plan_start(values, {}); }), "No blueprint name");
  EXPECT_EQ(message_of([&] { plan_start(values, {.blueprint = "x", .id = {}, .description = {}}); }),
            "No flow ID");
  EXPECT_EQ(message_of([&] { plan_start(values, {.blueprint = "x", .id = "f", .description = {}}); }),
            "No description");
  EXPECT_EQ(message_of([&] { plan_start(values, {.blueprint = "x", .id = "f", .description = ""}); }),
            "Blueprint does not exist");
  values["flow"]["f"] = "{}";
  EXPECT_EQ(message_of([&] { plan_start(values, {.blueprint = "x", .id = "f", .description = {}}); }),
            "Flow already exists");
}

TEST(PlanStart, SaysWhatIsWrongWithABlueprint) {
  const auto with = [](std::string text) {
    return message_of([&] {
      plan_start({{"flow-blueprint", {{"demo", std::move(text)}}}},
                 {.blueprint = "demo", .id = "f", .description = "d"});
    });
  };
  EXPECT_EQ(with(R"({"blueprint": {}})"), "blueprint 'demo' has no section 'flow'");
  EXPECT_EQ(with(R"({"flow": {}})"), "blueprint 'demo' has no section 'blueprint'");
  EXPECT_EQ(with(R"({"blueprint": [], "flow": {}})"),
            "blueprint 'demo': section 'blueprint' is not a JSON object");
  EXPECT_EQ(with(R"({"blueprint": {}, "flow": {"chunker": {}}})"),
            "blueprint 'demo': 'chunker' is not of the form <processor>:<variant>");
  EXPECT_EQ(with(R"({"blueprint": {}, "flow": {"chunker:{id}": {"input": 1}}})"),
            "blueprint 'demo': 'chunker:{id}' 'input' is not text");
  EXPECT_NE(with(R"({"blueprint": {}, "flow": {"chunker:{id}": {"input": "q1/tg"}}})")
                .find("'chunker:{id}' 'input'"),
            std::string::npos);
  EXPECT_NE(with("not JSON").find("blueprint 'demo': not JSON"), std::string::npos);
}

/// What starting a flow says when a processor's definition and an interface hold `text` under `name`.
std::pair<std::string, std::string> start_with(const std::string& name, const std::string& text,
                                               boost::json::object parameters = {}) {
  const auto start = [&](const std::string& definition, const std::string& interfaces) {
    const std::string blueprint =
        R"({"blueprint": {}, "flow": {"p:{id}": )" + definition + R"(}, "interfaces": )" + interfaces + "}";
    return message_of([&] {
      plan_start({{"flow-blueprint", {{"demo", blueprint}}}},
                 {.blueprint = "demo", .id = "f", .description = "d", .parameters = parameters});
    });
  };
  const std::string entry = R"({")" + name + R"(": ")" + text + R"("})";
  return {start(entry, "{}"), start("{}", R"({"service": )" + entry + "}")};
}

TEST(PlanStart, RefusesWhatLooksLikeAQueueAndIsNone) {
  for (const std::string text : {"q3/tg/flow/x", "q10/tg/flow/x", "q1/tg", "q1/tg//x", "persistent://tg/x",
                                 "http://a/b/c", "kafka://topic", "Redis+tls://a/b/c"}) {
    const auto [definition, interface] = start_with("any", text);
    EXPECT_NE(definition.find("blueprint 'demo': 'p:{id}' 'any'"), std::string::npos) << text << definition;
    EXPECT_NE(interface.find("blueprint 'demo': interface 'service' 'any'"), std::string::npos)
        << text << interface;
  }
}

TEST(PlanStart, RefusesTextWhereOnlyAQueueMakesSense) {
  for (const std::string name : {"input", "output", "request", "response"}) {
    const auto [definition, interface] = start_with(name, "bad name");
    EXPECT_NE(definition.find("malformed queue name"), std::string::npos) << name << definition;
    EXPECT_NE(interface.find("malformed queue name"), std::string::npos) << name << interface;
  }
}

TEST(PlanStart, LeavesValuesThatAreNoQueues) {
  for (const std::string text :
       {"", "500", "m-small", "bad name", "a/b", "q1", "quick/tg/flow/x", "://x", "see http://host/x"}) {
    EXPECT_EQ(start_with("any", text), std::pair(std::string("no error"), std::string("no error"))) << text;
  }
}

TEST(PlanStart, LeavesAParametersAddressAlone) {
  const boost::json::object parameters{{"server", "http://models:8080/v1"}};
  EXPECT_EQ(start_with("url", "{server}", parameters),
            std::pair(std::string("no error"), std::string("no error")));
  EXPECT_NE(start_with("input", "{server}", parameters).first, "no error");
}

TEST(PlanStop, RemovesTheFlowAndLeavesSharedServices) {
  auto values = after(demo(), plan_start(demo(), start_of("f1")));
  values = after(values, plan_stop(values, "f1"));
  EXPECT_EQ(values.at("active-flow").at("chunker"), "{}");
  EXPECT_TRUE(values.at("active-flow").contains("prompt"));
  EXPECT_NE(values.at("active-flow").at("prompt"), "{}");
  EXPECT_TRUE(values.at("flow").empty());
}

TEST(PlanStop, ChecksInTheRecordedOrder) {
  auto values = demo();
  EXPECT_EQ(message_of([&] { plan_stop(values, std::nullopt); }), "No flow ID");
  EXPECT_EQ(message_of([&] { plan_stop(values, "f1"); }), "Flow ID invalid");
  values["flow"]["f1"] = "{}";
  EXPECT_EQ(message_of([&] { plan_stop(values, "f1"); }), "Internal error: flow 'f1' has no blueprint name");
  values["flow"]["f1"] = R"({"blueprint-name": "gone"})";
  EXPECT_EQ(message_of([&] { plan_stop(values, "f1"); }), "Blueprint does not exist");
}

}  // namespace
}  // namespace omnibus::flow
