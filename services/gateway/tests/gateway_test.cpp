#include "services/gateway/gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/gateway/processor.hpp"
#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(GatewayTest, AnAnswerThatCannotBeTranslatedIsAnError) {
  const json::object queues{{"request", "q0/tg/request/mcp-tool:f"},
                            {"response", "q0/tg/response/mcp-tool:f"}};
  const auto definition = json::serialize(json::object{{"interfaces", {{"mcp-tool", queues}}}});
  FakeServices services(bus_, FakeServices::with_flow(1, "f", definition));
  services.serve("mcp-tool:f");
  services.line_up({}, {{"object", "{"}});
  const auto gateway = start();
  const auto answer = post(*gateway, "/api/v1/flow/f/service/mcp-tool", R"({"name": "n"})");
  EXPECT_EQ(answer.at("error").at("type"), "gateway-error");
  EXPECT_EQ(answer.at("error").at("message"),
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
}

TEST_F(GatewayTest, FollowsAChangedDefinition) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", flow_to("q1/tg/flow/old")));
  auto old_queue = consumer("q1/tg/flow/old");
  auto new_queue = consumer("q1/tg/flow/new");
  const auto gateway = start();
  EXPECT_EQ(post(*gateway, text_load, R"({"text": "YQ=="})"), json::object());
  EXPECT_THAT(old_queue.receive(seconds(10)).value().bytes, testing::HasSubstr("\"a\""));
  services.push(FakeServices::with_flow(2, "f", flow_to("q1/tg/flow/new")));
  // A definition is followed, not waited for: ask until it has come.
  std::optional<Message<Raw>> moved;
  while (!moved) {
    EXPECT_EQ(post(*gateway, text_load, R"({"text": "Yg=="})"), json::object());
    moved = new_queue.poll(milliseconds(1));
  }
  EXPECT_THAT(moved->value().bytes, testing::HasSubstr("\"b\""));
  services.push({{"version", 3}, {"config", json::object()}});
  json::value answer;
  while (answer != json::parse(R"({"error": "Invalid flow"})")) {
    answer = post(*gateway, text_load, R"({"text": "Yg=="})");
  }
}

TEST_F(GatewayTest, ARequestForAFlowWaitsForTheFirstConfiguration) {
  auto queue = consumer("q1/tg/flow/in");
  const auto gateway = start();
  HttpClient client(gateway->port());
  client.write(HttpClient::post_text(text_load, R"({"text": "YQ=="})"));
  const auto configuration = FakeServices::with_flow(1, "f", flow_to("q1/tg/flow/in"));
  FakeServices services(bus_, configuration);
  services.push(configuration);
  EXPECT_EQ(client.read().body(), "{}");
  EXPECT_TRUE(queue.poll(Duration::zero()).has_value());
}

TEST_F(GatewayTest, TheAnswerToStartFlowComesWhenTheFlowCanBeUsed) {
  FakeServices services(bus_);
  auto queue = consumer("q1/tg/flow/in");
  const auto gateway = start();
  wait_ready(*gateway);
  services.line_up({{{"version", 1}, {"config", {{"flow", {{"f", flow_to("q1/tg/flow/in")}}}}}}},
                   json::object());
  post(*gateway, "/api/v1/flow", R"({"operation": "start-flow", "flow-id": "f"})");
  EXPECT_EQ(post(*gateway, text_load, R"({"text": "YQ=="})"), json::object());
  services.line_up({{{"version", 2}, {"config", json::object()}}}, json::object());
  post(*gateway, "/api/v1/flow", R"({"operation": "stop-flow", "flow-id": "f"})");
  EXPECT_EQ(post(*gateway, text_load, R"({"text": "YQ=="})"), json::parse(R"({"error": "Invalid flow"})"));
}

TEST_F(GatewayTest, PassesApplyToTheConfigService) {
  FakeServices services(bus_);
  const auto gateway = start();
  wait_ready(*gateway);
  services.take();
  services.line_up({}, {{"error", {{"type", "conflict"}, {"message", "version is 4"}}}});
  const auto answer =
      post(*gateway, "/api/v1/config",
           R"({"operation": "apply", "if_version": 3, "put": [{"type": "t", "key": "k", "value": "v"}]})");
  EXPECT_EQ(answer, json::parse(R"({"error": {"type": "conflict", "message": "version is 4"}})"));
  const auto traffic = services.take();
  EXPECT_EQ(traffic.at(0).payload.at("if_version"), 3);
}

TEST_F(GatewayTest, AnswersBadRequestsClearly) {
  FakeServices services(bus_);
  services.push(
      {{"version", 1},
       {"config",
        {{"flow", {{"f", R"({"interfaces": {"text-load": {"request": "x"}, "bogus": "q1/a/b/c"}})"}}}}}});
  const auto gateway = start();
  wait_ready(*gateway);
  EXPECT_EQ(
      post(*gateway, "/api/v1/config", "[]"),
      json::parse(
          R"({"error": {"type": "gateway-error", "message": "request: expected an object, got a list"}})"));
  EXPECT_EQ(post(*gateway, "/api/v1/config", ""),
            json::parse(R"x({"error": "Expecting value: line 1 column 1 (char 0)"})x"));
  const json::value quoted = {{"error", "\"it's\""}};
  EXPECT_EQ(post(*gateway, "/api/v1/it's", "{}"), quoted);
  EXPECT_EQ(post(*gateway, "/api/v1/flow/f/service/bogus", "{}"),
            json::parse(R"({"error": "Invalid kind"})"));
  EXPECT_EQ(post(*gateway, "/api/v1/flow/f/service/none", "{}"),
            json::parse(R"({"error": "This kind not supported by flow"})"));
  EXPECT_EQ(post(*gateway, text_load, "{}"),
            json::parse(R"({"error": "flow 'f', interface text-load is no queue name"})"));
}

TEST_F(GatewayTest, LoadsManyDocumentsOverOneSocket) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", flow_to("q1/tg/flow/in")));
  auto queue = consumer("q1/tg/flow/in");
  const auto gateway = start();
  WebSocketClient client(gateway->port());
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) {
    client.send(json::serialize(json::object{{"id", i},
                                             {"service", "text-load"},
                                             {"flow", "f"},
                                             {"request", {{"text", "YQ=="}, {"id", std::to_string(i)}}}}));
  }
  std::set<std::int64_t> answered;
  for (int i = 0; i < count; ++i) {
    const auto answer = json::parse(client.read());
    EXPECT_EQ(answer.at("response"), json::object());
    answered.insert(answer.at("id").as_int64());
  }
  EXPECT_EQ(answered.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) queue.acknowledge(queue.receive(seconds(10)));
}

TEST_F(GatewayTest, StopCutsOffWhatGetsNoAnswer) {
  FakeServices services(bus_);
  const auto gateway = start();
  wait_ready(*gateway);
  services.take();
  HttpClient client(gateway->port());
  client.write(HttpClient::post_text("/api/v1/config", R"({"operation": "list"})"));
  while (services.take().empty()) std::this_thread::yield();  // the request is with the service, unanswered
  const auto report = gateway->stop(milliseconds(20));
  EXPECT_EQ(report.running, 1u);
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(GatewayTest, AProgramThatCutsOffRequestsSaysSo) {
  FakeServices services(bus_);
  Settings settings;
  settings.id = "gateway";
  settings.shutdown_timeout = milliseconds(20);
  GatewayProcessor gateway(bus_, settings, options());
  gateway.start();
  while (!gateway.ready().empty()) std::this_thread::yield();
  services.take();
  HttpClient client(gateway.port());
  client.write(HttpClient::post_text("/api/v1/config", R"({"operation": "list"})"));
  while (services.take().empty()) std::this_thread::yield();
  EXPECT_THROW(gateway.stop(), TimeoutError);
  EXPECT_NO_THROW(gateway.stop());
}

TEST_F(GatewayTest, ReadinessNamesWhatIsMissing) {
  const auto gateway = start();
  const auto ask = [&] {
    HttpClient client(gateway->port());
    client.write("GET /api/v1/ready HTTP/1.1\r\nHost: t\r\n\r\n");
    return client.read();
  };
  const auto before = ask();
  EXPECT_EQ(before.result_int(), 503u);
  EXPECT_EQ(json::parse(before.body()), json::parse(R"({"status": "not ready", "missing":
      ["service config: nobody reads q0/tg/request/config"]})"));
  FakeServices services(bus_);
  wait_ready(*gateway);
  const auto after = ask();
  EXPECT_EQ(after.result_int(), 200u);
  EXPECT_EQ(json::parse(after.body()).at("status"), "ready");
  EXPECT_THAT(after.body(), testing::HasSubstr("service librarian: nobody reads q1/tg/request/librarian"));
  EXPECT_THAT(after.body(), testing::Not(testing::HasSubstr("service flow:")));
}

TEST_F(GatewayTest, MayBeStoppedBeforeItStarted) {
  Gateway gateway(bus_, options());
  EXPECT_EQ(gateway.stop().running, 0u);
}

}  // namespace
}  // namespace omnibus::gateway
