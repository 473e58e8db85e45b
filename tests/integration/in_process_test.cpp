// The services in one process, on queues in memory.

#include <gtest/gtest.h>

#include <omnibus/catalogue/document.hpp>
#include <omnibus/catalogue/flow.hpp>
#include <omnibus/framework/request_response.hpp>
#include <omnibus/omnibus.hpp>

#include "integration/process.hpp"
#include "services/chunker/service.hpp"
#include "services/config/client.hpp"
#include "services/config/messages.hpp"
#include "services/config/service.hpp"
#include "services/flow/service.hpp"

namespace omnibus::integration {
namespace {

using namespace std::chrono_literals;
using catalogue::Chunk;
using catalogue::ConfigPush;
using catalogue::ConfigResponse;
using catalogue::TextDocument;
using config::ConfigCall;

class InProcess : public testing::Test {
 protected:
  template <class Service>
  std::unique_ptr<Service> start(const std::string& id, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--pubsub-url", url_, "--no-metrics", "--id", id});
    auto service = std::make_unique<Service>(
        bus_, Settings::parse({.program = id, .summary = "", .id = id}, more, Service::flags()));
    service->start();
    return service;
  }
  auto start_config() {
    return start<config::ConfigService>("config-svc", {"--config-store", folder_.path() / "config.sqlite"});
  }
  auto start_flow() {
    return start<flow::FlowService>("flow-svc", {"--flow-ledger", folder_.path() / "flows.sqlite"});
  }
  ConfigResponse ask(const ConfigCall& call) {
    framework::RequestResponse<ConfigCall, ConfigResponse> client(
        bus_, {.id = "test",
               .name = "config-request",
               .request = QueueName::parse(catalogue::config_request_queue),
               .response = QueueName::parse(catalogue::config_response_queue),
               .subscription = {}});
    client.start();
    return client.request(call, 10s);
  }
  void activate(const std::string& definition) {
    EXPECT_EQ(ask({.operation = "put", .values = {{{"active-flow", "chunker", definition}}}}).error,
              std::nullopt);
  }
  bool read_by_chunker() {
    const auto statistics = bus_.statistics(topic("in"));
    const auto found = statistics.subscriptions.find("chunker--f1--input");
    return found != statistics.subscriptions.end() && found->second.consumers > 0;
  }

  Folder folder_;
  const std::string url_ = "embedded://in-process-" + folder_.path().filename().string();
  Bus bus_ = connect(url_);
};

TEST_F(InProcess, ConfigServicePushesAtItsStartAndOncePerChange) {
  auto pushes = bus_.create_consumer<ConfigPush>(QueueName::parse(catalogue::config_push_queue), "");
  const auto service = start_config();
  EXPECT_EQ(pushes.receive(10s)->version, 0);
  ask({.operation = "put", .values = {{{"t", "a", "1"}, {"t", "b", "2"}}}});
  const auto push = pushes.receive(10s);
  EXPECT_EQ(push->version, 1);
  EXPECT_EQ(push->config, (config::Values{{"t", {{"a", "1"}, {"b", "2"}}}}));
  ask({.operation = "get", .keys = {{{"t", "a"}}}});
  EXPECT_FALSE(pushes.poll(100ms));
}

TEST_F(InProcess, ConfigServiceGoesOnAfterARequestThatCannotBeAnswered) {
  const auto service = start_config();
  auto requests = bus_.create_producer<ConfigCall>(QueueName::parse(catalogue::config_request_queue));
  requests.send({.operation = "config"});
  auto garbage = bus_.create_producer<Raw>(QueueName::parse(catalogue::config_request_queue));
  garbage.send({"not JSON"}, {.properties = {{"id", "x"}}});
  EXPECT_EQ(ask({.operation = "config"}).version, 0);
}

TEST_F(InProcess, ConfigServiceRefusesWhatNoMessageCanHold) {
  const auto service = start_config();
  const auto limit = bus_.features().max_message_size;
  ASSERT_GT(limit, 0u);
  if (limit > (200u << 20)) GTEST_SKIP() << "messages may have " << limit << " bytes here";
  const auto answer = ask({.operation = "put", .values = {{{"t", "k", std::string(limit - 512, 'x')}}}});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->type, "too_large");
  EXPECT_EQ(ask({.operation = "config"}).version, 0);
}

TEST_F(InProcess, FlowServiceSaysWhenNobodyKeepsTheConfiguration) {
  config::Client nobody(bus_, "test", 100ms);
  nobody.start();
  EXPECT_THROW(nobody.read(), TimeoutError);
}

TEST_F(InProcess, FlowServiceRefusesAServiceThatDoesNotKnowApply) {
  // The answers of a service of the existing kind: everything but `apply`.
  framework::Producer<ConfigResponse> answers(bus_, "other", "None", "config-response",
                                              QueueName::parse(catalogue::config_response_queue));
  framework::Consumer<catalogue::ConfigRequest> other(
      bus_,
      {.id = "other",
       .name = "config-request",
       .queue = QueueName::parse(catalogue::config_request_queue),
       .subscription = "other"},
      framework::Handler<catalogue::ConfigRequest>([&](const auto& message, const framework::Context&) {
        ConfigResponse answer{.version = 3, .config = {{}}};
        if (message->operation != "config") answer.error = catalogue::Error{"bad-operation", "Bad operation"};
        answers.send(answer, {{"id", *message.properties().find("id")}});
      }));
  other.start();
  const auto service = start_flow();
  framework::RequestResponse<catalogue::FlowRequest, catalogue::FlowResponse> client(
      bus_, {.id = "test",
             .name = "flow-request",
             .request = QueueName::parse(catalogue::flow_request_queue),
             .response = QueueName::parse(catalogue::flow_response_queue),
             .subscription = {}});
  client.start();
  const auto answer = client.request(
      {.operation = "put-blueprint", .blueprint_name = "b", .blueprint_definition = "{}"}, 10s);
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->type, "flow-error");
  EXPECT_NE(answer.error->message.find("does not know the operation 'apply'"), std::string::npos);
}

TEST_F(InProcess, ChunkerCopiesMetadata) {
  const auto keeper = start_config();
  const auto service = start<chunker::ChunkerService>("chunker");
  auto chunks = bus_.create_consumer<Chunk>(topic("out"), "test");
  activate(
      R"({"f1": {"input": "q1/tg/flow/in", "output": "q1/tg/flow/out", "chunk-size": "20", "chunk-overlap": "0"}})");
  ASSERT_TRUE(eventually([&] { return read_by_chunker(); }));
  const catalogue::Metadata metadata{
      .id = "doc",
      .metadata = {{.s = catalogue::Value{"s"}, .o = catalogue::Value{"o", true}}},
      .user = "u",
      .collection = "c"};
  auto documents = bus_.create_producer<TextDocument>(topic("in"));
  documents.send({.metadata = metadata, .text = "one two three four five six"});
  documents.send({.metadata = std::nullopt, .text = "alone"});
  for (const char* text : {"one two three four", "five six"}) {
    const auto chunk = chunks.receive(10s);
    EXPECT_EQ(chunk->chunk.str(), text);
    EXPECT_EQ(chunk->metadata, metadata);
  }
  EXPECT_EQ(chunks.receive(10s)->metadata, std::nullopt);
}

TEST_F(InProcess, ChunkerKeepsADocumentUntilItsParametersMakeSense) {
  const auto keeper = start_config();
  const auto service = start<chunker::ChunkerService>("chunker");
  auto chunks = bus_.create_consumer<Chunk>(topic("out"), "test");
  activate(R"({"f1": {"input": "q1/tg/flow/in", "output": "q1/tg/flow/out", "chunk-size": "many"}})");
  ASSERT_TRUE(eventually([&] { return read_by_chunker(); }));
  bus_.create_producer<TextDocument>(topic("in")).send({.metadata = std::nullopt, .text = "kept"});
  EXPECT_FALSE(chunks.poll(300ms));
  activate(R"({"f1": {"input": "q1/tg/flow/in", "output": "q1/tg/flow/out", "chunk-size": "200"}})");
  EXPECT_EQ(chunks.receive(20s)->chunk.str(), "kept");
}

}  // namespace
}  // namespace omnibus::integration
