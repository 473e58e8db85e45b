#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;

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

TEST_F(PassThrough, AServiceThatNobodyHasIsUnknown) {
  const json::object queues{{"request", "q0/tg/request/tides:g"}, {"response", "q0/tg/response/tides:g"}};
  const auto definition = json::serialize(json::object{{"interfaces", {{"tides", queues}}}});
  services_.push(FakeServices::with_flow(2, "g", definition));
  const auto gateway = start();
  const auto tides = "/api/v1/flow/g/service/tides";
  EXPECT_EQ(post(*gateway, tides, "{}"), json::parse(R"({"error": "Invalid kind"})"));
  services_.serve("tides:g");
  services_.line_up({}, {{"height", 2}});
  EXPECT_EQ(post(*gateway, tides, "{}"), json::parse(R"({"height": 2})"));
}

TEST_F(PassThrough, NeedsTwoQueues) {
  const auto gateway = start();
  EXPECT_EQ(post(*gateway, "/api/v1/flow/f/service/odd", "{}"), json::parse(R"({"error": "Invalid kind"})"));
}

TEST_F(PassThrough, GlobalServicesAreNamedByFlag) {
  services_.serve("weather");
  auto with = options();
  with.queues["weather"] = {"q0/tg/request/weather", "q0/tg/response/weather"};
  const auto gateway = start(with);
  services_.take();
  services_.line_up({}, {{"degrees", 3}});
  EXPECT_EQ(post(*gateway, "/api/v1/weather", R"({"place": "Oslo"})"), json::parse(R"({"degrees": 3})"));
  services_.line_up_all({}, {{{"n", 1}, {"eos", false}}, {{"n", 2}, {"eos", true}}});
  WebSocketClient client(gateway->port());
  client.send(R"({"id": 1, "service": "weather", "request": {}})");
  EXPECT_EQ(json::parse(client.read()).at("complete"), false);
  EXPECT_EQ(json::parse(client.read()).at("complete"), true);
  EXPECT_EQ(post(*gateway, "/api/v1/tides", "{}"), json::parse(R"({"error": "'tides'"})"));
}

}  // namespace
}  // namespace omnibus::gateway
