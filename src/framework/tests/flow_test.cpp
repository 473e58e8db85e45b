#include "omnibus/framework/flow.hpp"

#include "framework/flow_definitions.hpp"
#include "framework/tests/support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;
using testing::StartsWith;

class FlowTest : public testing::Test {
 protected:
  Bus bus = connect("embedded://");

  std::shared_ptr<Flow> flow(FlowDefinition definition) {
    return std::make_shared<Flow>(bus, "p", "demo", std::move(definition));
  }
  std::vector<std::string> subscriptions(const std::string& queue) {
    std::vector<std::string> names;
    for (const auto& [name, each] : bus.statistics(QueueName::parse(queue)).subscriptions)
      names.push_back(name);
    return names;
  }
};

TEST_F(FlowTest, BuildsEveryKindOfPartUnderTheExistingNames) {
  auto made = flow({{"input", "persistent://tg/flow/in:demo"},
                    {"output", "q1/tg/flow/out:demo"},
                    {"feed", "q0/tg/flow/feed"},
                    {"ask", "non-persistent://tg/request/ask"},
                    {"answer", "q0/tg/response/ask"},
                    {"size", "100"}});
  Seen seen;
  ConsumerSpec<Note>("input", Handler<Note>([&](const auto& message, const Context& context) {
                       auto copy = message.value();
                       copy.text += "/" + context.in->parameter("size").value_or("none");
                       context.in->producer<Note>("output").send(copy);
                     }))
      .build(*made);
  ProducerSpec<Note>("output").build(*made);
  SubscriberSpec<Note>("feed").build(*made);
  RequestResponseSpec<Note, Note>("ask", "answer").build(*made);
  ParameterSpec("size").build(*made);
  ParameterSpec("absent").build(*made);
  made->start();

  EXPECT_THAT(subscriptions("q1/tg/flow/in:demo"), ElementsAre("p--demo--input"));
  EXPECT_THAT(subscriptions("q0/tg/flow/feed"), ElementsAre("p"));
  EXPECT_THAT(subscriptions("q0/tg/response/ask"), ElementsAre(StartsWith("p--demo--ask--")));
  EXPECT_EQ(made->parameter("absent"), std::nullopt);
  EXPECT_EQ(made->parameter("input"), std::nullopt) << "not a parameter's spec";
  EXPECT_NO_THROW((made->client<Note, Note>("ask")));
  EXPECT_NO_THROW(made->subscriber<Note>("feed"));

  auto out = bus.create_consumer<Note>(QueueName::parse("q1/tg/flow/out:demo"), "reader");
  auto in = bus.create_producer<Note>(QueueName::parse("q1/tg/flow/in:demo"));
  in.send({"hello"});
  EXPECT_EQ(out.receive(10s)->text, "hello/100");
  EXPECT_EQ(made->stop(10s).running, 0u);
  EXPECT_THAT(subscriptions("q1/tg/flow/in:demo"), ElementsAre("p--demo--input")) << "stop keeps it";
}

TEST_F(FlowTest, NamesTheMissingQueue) {
  auto made = flow({{"output", "q1/tg/flow/out"}});
  try {
    ProducerSpec<Note>("input").build(*made);
    FAIL() << "there is no such queue";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("flow demo of p names no queue for 'input'"));
  }
}

TEST_F(FlowTest, RefusesOtherSchemes) {
  auto made = flow({{"input", "kafka://tg/flow/in"}});
  try {
    ProducerSpec<Note>("input").build(*made);
    FAIL() << "not a queue name";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("kafka://tg/flow/in"));
    EXPECT_THAT(error.what(), HasSubstr("'input'"));
  }
}

TEST_F(FlowTest, NamesThePartThatIsNotThere) {
  auto made = flow({{"output", "q1/tg/flow/out"}});
  ProducerSpec<Note>("output").build(*made);
  EXPECT_EQ(code_of([&] { made->producer<Note>("other"); }), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { made->producer<Raw>("output"); }), ErrorCode::not_found);
}

TEST_F(FlowTest, IsAliveWhileAHandlerUsesIt) {
  auto made = flow({{"input", "q1/tg/flow/in"}, {"output", "q1/tg/flow/out"}});
  Gate gate;
  Seen seen;
  ConsumerSpec<Note>("input", Handler<Note>([&](const auto&, const Context& context) {
                       seen.add("in");
                       gate.wait();
                       seen.add(context.in->id());
                     }))
      .build(*made);
  made->start();
  bus.create_producer<Note>(topic("in")).send({"x"});
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_EQ(made->stop(1ms).running, 1u);
  made.reset();
  gate.open();
  EXPECT_TRUE(seen.reaches(2));
  EXPECT_THAT(seen.all(), ElementsAre("in", "demo"));
  bus.close();
}

TEST(FlowDefinitions, ReadsTextsNumbersAndBooleans) {
  const auto read = parse_flow_definitions(
      R"({"a": {"input": "q1/tg/flow/in", "size": 100, "fast": true, "none": null}, "b": {}})");
  EXPECT_THAT(
      read.flows,
      ElementsAre(Pair("a", FlowDefinition{{"fast", "true"}, {"input", "q1/tg/flow/in"}, {"size", "100"}}),
                  Pair("b", FlowDefinition{})));
  EXPECT_THAT(read.problems, IsEmpty());
}

TEST(FlowDefinitions, ABadFlowIsItsOwnProblem) {
  const auto read = parse_flow_definitions(R"({"a": {"input": ["x"]}, "b": 1, "c": {"input": "q"}})");
  EXPECT_THAT(read.flows, ElementsAre(Key("c")));
  EXPECT_THAT(read.problems, ElementsAre(Pair("a", HasSubstr("'input'")), Key("b")));
}

TEST(FlowDefinitions, RefusesWhatIsNotAJsonObject) {
  for (const auto* text : {"", "{", "[]", "{} x", "null", "{\"a\": {}"}) {
    EXPECT_THROW(parse_flow_definitions(text), ConfigError) << text;
  }
}

}  // namespace
}  // namespace omnibus::framework
