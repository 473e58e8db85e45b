#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(GatewayTest, TwoGatewaysDoNotTakeEachOthersAnswers) {
  FakeServices services(bus_);
  const auto one = start();
  const auto two = start();
  for (int i = 0; i < 20; ++i) {
    services.line_up({}, {{"version", i}});
    EXPECT_EQ(post(i % 2 == 0 ? *one : *two, "/api/v1/config", R"({"operation": "list"})").at("version"), i);
  }
}

TEST_F(GatewayTest, TwoGatewaysBothFollowTheConfiguration) {
  FakeServices services(bus_);
  auto queue = consumer("q1/tg/flow/in");
  const auto one = start();
  const auto two = start();
  services.push(FakeServices::with_flow(1, "f", flow_to("q1/tg/flow/in")));
  for (const auto* gateway : {&one, &two}) {
    while (post(**gateway, text_load, R"({"text": "YQ=="})") != json::object()) std::this_thread::yield();
    queue.acknowledge(queue.receive(seconds(20)));
  }
  services.push({{"version", 2}, {"config", json::object()}});
  const auto gone = json::parse(R"({"error": "Invalid flow"})");
  for (const auto* gateway : {&one, &two}) {
    while (post(**gateway, text_load, R"({"text": "YQ=="})") != gone) std::this_thread::yield();
  }
}

TEST_F(GatewayTest, OneGatewayGoesWithoutTheOther) {
  FakeServices services(bus_);
  auto one = start();
  const auto two = start();
  wait_ready(*one);
  one.reset();
  for (int i = 0; i < 5; ++i) {
    services.line_up({}, {{"version", i}});
    EXPECT_EQ(post(*two, "/api/v1/config", R"({"operation": "list"})").at("version"), i);
  }
}

TEST_F(GatewayTest, GatewaysAnswerManyClientsAtOnce) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", flow_to("q1/tg/flow/in")));
  auto queue = consumer("q1/tg/flow/in");
  const auto one = start();
  const auto two = start();
  constexpr int each = 25;
  const auto load = [&](const Gateway& gateway) {
    HttpClient client(gateway.port());
    for (int i = 0; i < each; ++i) {
      EXPECT_EQ(client.post(text_load, R"({"text": "YQ=="})").body(), "{}");
    }
  };
  {
    std::jthread a([&] { load(*one); }), b([&] { load(*two); }), c([&] { load(*one); }),
        d([&] { load(*two); });
  }
  for (int i = 0; i < 4 * each; ++i) queue.acknowledge(queue.receive(seconds(20)));
}

}  // namespace
}  // namespace omnibus::gateway
