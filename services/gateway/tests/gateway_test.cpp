#include "services/gateway/gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/gateway/processor.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_services.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto text_load = "/api/v1/flow/f/service/text-load";

class GatewayTest : public testing::Test {
 protected:
  static GatewayOptions options() {
    GatewayOptions result;
    result.address = "127.0.0.1";
    result.port = 0;
    return result;
  }
  std::unique_ptr<Gateway> start(GatewayOptions with = options()) {
    auto gateway = std::make_unique<Gateway>(bus_, with);
    gateway->start();
    return gateway;
  }
  static void wait_ready(const Gateway& gateway) {
    while (!gateway.ready().empty()) std::this_thread::yield();
  }
  static json::value post(const Gateway& gateway, std::string_view path, std::string_view body) {
    return json::parse(HttpClient(gateway.port()).post(path, body).body());
  }
  Consumer<Raw> consumer(const std::string& queue) {
    return bus_.create_consumer<Raw>(QueueName::parse(queue), "test");
  }
  static std::string flow_to(const std::string& queue) {
    return json::serialize(json::object{{"interfaces", {{"text-load", queue}}}});
  }

  Bus bus_ = connect("embedded://");
};

TEST_F(GatewayTest, HonoursTheTimeout) {
  auto with = options();
  with.timeout = milliseconds(50);
  with.http_errors = HttpErrors::strict;
  const auto gateway = start(with);
  const auto response = HttpClient(gateway->port()).post("/api/v1/config", R"({"operation": "list"})");
  EXPECT_EQ(response.result_int(), 504u);
  EXPECT_EQ(json::parse(response.body()),
            json::parse(R"({"error": {"type": "gateway-error", "message": "Timeout"}})"));
}

TEST_F(GatewayTest, TwoGatewaysDoNotTakeEachOthersAnswers) {
  FakeServices services(bus_);
  const auto one = start();
  const auto two = start();
  for (int i = 0; i < 20; ++i) {
    services.line_up({}, {{"version", i}});
    EXPECT_EQ(post(i % 2 == 0 ? *one : *two, "/api/v1/config", R"({"operation": "list"})").at("version"), i);
  }
}

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
  EXPECT_EQ(after.body(), R"({"status": "ready"})");
}

/// A service that the gateway has no tables for.
class PassThrough : public GatewayTest {
 protected:
  PassThrough() { services_.serve("weather:f"); }
  static std::string definition() {
    const json::object queues{{"request", "q0/tg/request/weather:f"},
                              {"response", "q0/tg/response/weather:f"}};
    return json::serialize(json::object{{"interfaces", {{"weather", queues}, {"odd", "q1/tg/flow/odd"}}}});
  }
  static constexpr auto path = "/api/v1/flow/f/service/weather";

  FakeServices services_{bus_, FakeServices::with_flow(1, "f", definition())};
};

TEST_F(PassThrough, TheMessageIsTheClientsJson) {
  const auto gateway = start();
  wait_ready(*gateway);
  services_.take();
  services_.line_up({}, {{"degrees", 21.5}, {"error", nullptr}});
  EXPECT_EQ(post(*gateway, path, R"({"place": "Bath", "days": [1, null]})"),
            json::parse(R"({"degrees": 21.5, "error": null})"));
  const auto traffic = services_.take();
  EXPECT_EQ(traffic.at(0).payload, json::parse(R"({"place": "Bath", "days": [1, null]})"));
}

TEST_F(PassThrough, AnswersMayStream) {
  const auto gateway = start();
  services_.line_up_all({},
                        {{{"part", 1}, {"end_of_stream", false}}, {{"part", 2}, {"end_of_stream", true}}});
  WebSocketClient client(gateway->port());
  client.send(R"({"id": "w", "service": "weather", "flow": "f", "request": {}})");
  EXPECT_EQ(json::parse(client.read()), json::parse(R"({"id": "w", "complete": false,
      "response": {"part": 1, "end_of_stream": false}})"));
  EXPECT_EQ(json::parse(client.read()), json::parse(R"({"id": "w", "complete": true,
      "response": {"part": 2, "end_of_stream": true}})"));
}

TEST_F(PassThrough, ARefusalLooksLikeThatOfAnyService) {
  const auto gateway = start();
  services_.line_up({}, {{"error", {{"type", "storm"}, {"message", "no"}}}, {"rest", 1}});
  EXPECT_EQ(post(*gateway, path, "{}"), json::parse(R"({"error": {"type": "storm", "message": "no"}})"));
  EXPECT_EQ(post(*gateway, path, "[]").at("error").at("type"), "gateway-error");
  services_.line_up({}, json::array{1});
  EXPECT_EQ(post(*gateway, path, "{}").at("error").at("message"), "the service's answer is no JSON object");
}

TEST_F(PassThrough, NeedsTwoQueues) {
  const auto gateway = start();
  EXPECT_EQ(post(*gateway, "/api/v1/flow/f/service/odd", "{}"), json::parse(R"({"error": "Invalid kind"})"));
}

TEST_F(GatewayTest, TakesOtherQueuesForServices) {
  auto requests = consumer("q0/tg/request/my-flow");
  const auto settings =
      Settings::parse({.program = "gateway", .id = "gateway"},
                      {"--flow-request-queue", "q0/tg/request/my-flow", "--flow-response-queue",
                       "q0/tg/response/my-flow", "--address", "127.0.0.1", "--port", "0"},
                      gateway_flags());
  const auto gateway = start(gateway_options(settings));
  auto answers = bus_.create_producer<Raw>(QueueName::parse("q0/tg/response/my-flow"));
  HttpClient client(gateway->port());
  client.write(HttpClient::post_text("/api/v1/flow", R"({"operation": "list-flows"})"));
  const auto request = requests.receive(seconds(20));
  answers.send({R"({"flow_ids": ["f"]})"}, {.properties = {{"id", request.properties().value_or("id", "")}}});
  EXPECT_EQ(json::parse(client.read().body()), json::parse(R"({"flow-ids": ["f"]})"));
}

TEST_F(GatewayTest, AsksForTheConfigurationWhereItIsTold) {
  auto with = options();
  with.queues["config"] = {"q0/tg/request/my-config", {}};
  auto requests = consumer("q0/tg/request/my-config");
  const auto gateway = start(with);
  EXPECT_THAT(requests.receive(seconds(20)).value().bytes, testing::HasSubstr("config"));
}

TEST(GatewayFlags, RefuseAQueueThatIsNone) {
  const auto settings = Settings::parse({.program = "gateway", .id = "gateway"},
                                        {"--librarian-request-queue", "no/queue"}, gateway_flags());
  EXPECT_THROW(gateway_options(settings), Error);
}

TEST_F(GatewayTest, MayBeStoppedBeforeItStarted) {
  Gateway gateway(bus_, options());
  EXPECT_EQ(gateway.stop().running, 0u);
}

}  // namespace
}  // namespace omnibus::gateway
