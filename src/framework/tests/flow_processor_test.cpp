#include <omnibus/framework/processor.hpp>

#include <stdexcept>
#include <thread>

#include "framework/tests/config_support.hpp"

namespace omnibus::framework {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Copies notes from `input` to `output`, marked with the flow.
class Copier : public FlowProcessor {
 public:
  using FlowProcessor::FlowProcessor;
  void with_specs(Handler<Note> handler) {
    add<ConsumerSpec<Note>>("input", std::move(handler));
    add<ProducerSpec<Note>>("output");
  }
};

class FlowProcessorTest : public testing::Test {
 protected:
  Bus bus = connect("embedded://");
  FakeConfigService service{bus};
  std::int64_t version = 0;
  Seen seen;

  static Settings settings() {
    Settings made;
    made.id = "copier";
    made.shutdown_timeout = 5s;
    return made;
  }
  std::unique_ptr<Copier> copier(Settings mine = settings()) {
    auto made = std::make_unique<Copier>(bus, std::move(mine));
    made->with_specs(Handler<Note>([this](const auto& message, const Context& context) {
      seen.add(context.flow + ":" + message->text);
      context.in->producer<Note>("output").send(message.value());
    }));
    return made;
  }
  void configure(FlowProcessor& processor, const std::string& json) {
    service.push(++version, active_flow("copier", json));
    ASSERT_TRUE(eventually([&] { return processor_version(processor) == version; }));
  }
  static std::optional<std::int64_t> processor_version(FlowProcessor& processor) {
    struct Open : FlowProcessor {
      using AsyncProcessor::config;
    };
    return (processor.*&Open::config)().version();
  }
  void send(const std::string& queue, const std::string& text) {
    bus.create_producer<Note>(QueueName::parse(queue)).send({text});
  }
};

const std::string one = R"("one": {"input": "q1/tg/flow/in:one", "output": "q1/tg/flow/out:one"})";
const std::string two = R"("two": {"input": "persistent://tg/flow/in:two", "output": "q1/tg/flow/out:two"})";

TEST_F(FlowProcessorTest, StartsAndStopsFlowsAsConfigured) {
  auto processor = copier();
  EXPECT_THAT(processor->ready(), HasSubstr("no configuration yet"));
  processor->start();
  configure(*processor, "{" + one + "}");
  EXPECT_THAT(processor->flows(), ElementsAre("one"));
  EXPECT_EQ(processor->ready(), "");
  configure(*processor, "{" + one + "," + two + "}");
  EXPECT_THAT(processor->flows(), ElementsAre("one", "two"));
  send("q1/tg/flow/in:two", "x");
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("two:x"));
  configure(*processor, "{" + two + "}");
  EXPECT_THAT(processor->flows(), ElementsAre("two"));
}

TEST_F(FlowProcessorTest, KeepsFlowsWhenTheConfigurationHasNoActiveFlowsAtAll) {
  auto processor = copier();
  processor->start();
  configure(*processor, "{" + one + "}");
  service.push(++version, {{"prompt", {{"x", "y"}}}});
  ASSERT_TRUE(eventually([&] { return processor_version(*processor) == version; }));
  EXPECT_THAT(processor->flows(), ElementsAre("one"));
  service.push(++version, active_flow("somebody-else", "{}"));
  ASSERT_TRUE(eventually([&] { return processor_version(*processor) == version; }));
  EXPECT_THAT(processor->flows(), IsEmpty());
}

TEST_F(FlowProcessorTest, AStoppedFlowKeepsItsSubscriptionAndResumesWithoutLoss) {
  auto processor = copier();
  processor->start();
  configure(*processor, "{" + one + "}");
  send("q1/tg/flow/in:one", "before");
  ASSERT_TRUE(seen.reaches(1));
  configure(*processor, "{}");
  send("q1/tg/flow/in:one", "in the gap");
  configure(*processor, "{" + one + "}");
  ASSERT_TRUE(seen.reaches(2));
  EXPECT_THAT(seen.all(), ElementsAre("one:before", "one:in the gap"));
}

TEST_F(FlowProcessorTest, FollowsAChangedDefinition) {
  auto processor = copier();
  processor->start();
  configure(*processor, "{" + one + "}");
  auto moved = bus.create_consumer<Note>(topic("elsewhere"), "reader");
  configure(*processor, R"({"one": {"input": "q1/tg/flow/in:one", "output": "q1/tg/flow/elsewhere"}})");
  send("q1/tg/flow/in:one", "x");
  EXPECT_EQ(moved.receive(10s)->text, "x");
}

TEST_F(FlowProcessorTest, AnUnchangedFlowIsNotTouched) {
  auto processor = copier();
  processor->start();
  configure(*processor, "{" + one + "}");
  Labels labels = labelled("copier", "one", "input");
  labels["consumer_state"] = "running";
  auto& running = bus.metrics().gauge("consumer_state", "", labels);
  running.set(17);  // a restart would set it to 1
  configure(*processor, "{" + one + "," + two + "}");
  EXPECT_EQ(running.value(), 17);
}

TEST_F(FlowProcessorTest, AFlowThatLacksAQueueIsReportedAndTheOthersRun) {
  auto processor = copier();
  processor->start();
  configure(*processor, R"({"bad": {"input": "q1/tg/flow/in:bad"},)" + one + "}");
  EXPECT_THAT(processor->flows(), ElementsAre("one"));
  EXPECT_THAT(processor->ready(), HasSubstr("flow bad of copier names no queue for 'output'"));
  configure(*processor, R"({"bad": {"input": "q1/tg/flow/in:bad", "output": "q1/tg/flow/out"},)" + one + "}");
  EXPECT_THAT(processor->flows(), ElementsAre("bad", "one"));
  EXPECT_EQ(processor->ready(), "");
}

TEST_F(FlowProcessorTest, AnUnreadableDefinitionLeavesFlowsAsTheyAre) {
  auto processor = copier();
  processor->start();
  configure(*processor, "{" + one + "}");
  configure(*processor, "{ this is no JSON");
  EXPECT_THAT(processor->flows(), ElementsAre("one"));
  EXPECT_THAT(processor->ready(), HasSubstr("active-flow/copier is unusable"));
  configure(*processor, R"({"one": 5})");
  EXPECT_THAT(processor->flows(), ElementsAre("one")) << "it runs on as it was";
  EXPECT_THAT(processor->ready(), HasSubstr("flow one does not run as configured"));
}

TEST_F(FlowProcessorTest, ARestartedProcessorResumes) {
  {
    auto processor = copier();
    processor->start();
    configure(*processor, "{" + one + "}");
    processor->stop();
  }
  send("q1/tg/flow/in:one", "between");
  auto processor = copier();
  processor->start();
  service.serve();
  ASSERT_TRUE(seen.reaches(1));
  EXPECT_THAT(seen.all(), ElementsAre("one:between"));
}

TEST_F(FlowProcessorTest, StopDrainsWhatIsInWork) {
  Gate gate;
  auto processor = std::make_unique<Copier>(bus, settings());
  processor->with_specs(Handler<Note>([&](const auto& message, const Context& context) {
    seen.add("in");
    gate.wait();
    context.in->producer<Note>("output").send(message.value());
  }));
  processor->start();
  configure(*processor, "{" + one + "}");
  auto out = bus.create_consumer<Note>(topic("out:one"), "reader");
  send("q1/tg/flow/in:one", "x");
  ASSERT_TRUE(seen.reaches(1));
  auto stopping = std::async(std::launch::async, [&] { processor->stop(); });
  gate.open();
  stopping.get();
  EXPECT_EQ(out.receive(10s)->text, "x");
  EXPECT_EQ(bus.statistics(topic("in:one")).subscriptions.at("copier--one--input").backlog, 0u);
}

TEST_F(FlowProcessorTest, ShowsItsSettingsWithoutSecrets) {
  auto mine = settings();
  mine.values["chunk-size"] = {"2000"};
  mine.values["pulsar-api-key"] = {"hush"};
  mine.values["pubsub-url"] = {"pulsar://user:hush@host:6650?token=hush"};
  auto processor = copier(mine);
  const auto text = bus.metrics().text();
  EXPECT_THAT(text, HasSubstr("processor_info{"));
  EXPECT_THAT(text, HasSubstr("chunk_size=\"2000\""));
  EXPECT_THAT(text, HasSubstr("processor=\"copier\""));
  EXPECT_THAT(text, HasSubstr("pulsar_api_key=\"***\""));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
}

TEST_F(FlowProcessorTest, RunsUntilItIsAskedToStop) {
  auto processor = copier();
  service.serve();
  std::stop_source stop;
  auto running = std::async(std::launch::async, [&] { processor->run(stop.get_token()); });
  configure(*processor, "{" + one + "}");
  EXPECT_THAT(processor->flows(), ElementsAre("one"));
  stop.request_stop();
  running.get();
  EXPECT_THAT(processor->flows(), IsEmpty());
}

}  // namespace
}  // namespace omnibus::framework
