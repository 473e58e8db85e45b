#include "services/gateway/status/board.hpp"

#include <boost/json/parse.hpp>

#include <future>

#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::hours;

class BoardTest : public GatewayTest {
 protected:
  std::shared_ptr<StatusBoard> board(Duration fresh) {
    return std::make_shared<StatusBoard>(bus_, "g", watch_global({}, "q2/tg/config/config"), errors_, false,
                                         fresh);
  }
  static std::future<Answer> ask(StatusBoard& board) {
    auto answer = std::make_shared<std::promise<Answer>>();
    auto told = answer->get_future();
    board.ask([answer](Answer given) {
      answer->set_value(std::move(given));
      return true;
    });
    return told;
  }
  static json::value get_status(const Gateway& gateway) {
    HttpClient client(gateway.port());
    client.write("GET /api/v1/status HTTP/1.1\r\nHost: t\r\n\r\n");
    return json::parse(client.read().body());
  }

  const std::shared_ptr<ErrorLog> errors_ = std::make_shared<ErrorLog>();
};

TEST_F(BoardTest, ManyWhoAskGetOneStatus) {
  const auto asked = board(hours(1));
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(ask(*asked));
  const auto first = answers[0].get().body;
  EXPECT_EQ(json::parse(first).at("id"), "g");
  EXPECT_EQ(json::parse(first).at("backend"), "embedded");
  for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].get().body, first);
}

TEST_F(BoardTest, AnOldStatusIsMadeAnew) {
  const auto asked = board(Duration::zero());
  const auto first = ask(*asked).get().body;
  EXPECT_NE(ask(*asked).get().body, first);
}

TEST_F(BoardTest, AChangedConfigurationIsSeenAtOnce) {
  const auto asked = board(hours(1));
  EXPECT_EQ(json::parse(ask(*asked).get().body).at("configured"), false);
  asked->configure({{"flow", {{"f", flow_to("q1/tg/flow/in")}}}});
  const auto status = json::parse(ask(*asked).get().body);
  EXPECT_EQ(status.at("configured"), true);
  EXPECT_EQ(status.at("flows").at(0).at("id"), "f");
}

TEST_F(BoardTest, WithoutABusNothingIsKnownOfItsQueues) {
  const auto asked = board(hours(1));
  bus_.close();
  EXPECT_NE(json::parse(ask(*asked).get().body).at("not_known"), nullptr);
}

TEST_F(BoardTest, TheGatewayTellsOfItsFlowsAndFailures) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", flow_to("q1/tg/flow/in")));
  const auto gateway = start();
  wait_ready(*gateway);
  HttpClient(gateway->port())
      .post("/api/v1/flow/none/service/prompt", R"({"secret": "s"})", "X-Request-Id: r1\r\n");
  HttpClient(gateway->port()).post("/api/v1/config", "{", "X-Request-Id: r2\r\n");
  WebSocketClient socket(gateway->port());
  socket.send(R"({"id": 7, "service": "nonesuch", "request": {}})");
  EXPECT_NE(socket.read(), "");
  const auto status = get_status(*gateway);
  EXPECT_EQ(status.at("flows").at(0).at("id"), "f");
  EXPECT_EQ(status.at("flows").at(0).at("state"), "incomplete");
  const auto& errors = status.at("errors").as_array();
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_EQ(errors[0].at("service"), "nonesuch");
  EXPECT_EQ(errors[0].at("text"), "'nonesuch'");
  EXPECT_TRUE(errors[0].at("request").is_string());
  EXPECT_EQ(errors[1].at("request"), "r2");
  EXPECT_EQ(errors[1].at("service"), "config");
  EXPECT_EQ(errors[2].at("request"), "r1");
  EXPECT_EQ(errors[2].at("flow"), "none");
  EXPECT_EQ(errors[2].at("text"), "Invalid flow");
  EXPECT_GT(errors[2].at("time").as_int64(), 1'700'000'000'000);
}

TEST_F(BoardTest, ARefusalOfAServiceIsAFailure) {
  FakeServices services(bus_);
  const auto gateway = start();
  wait_ready(*gateway);
  services.line_up({}, {{"error", {{"type", "flow-error"}, {"message", "No description"}}}});
  post(*gateway, "/api/v1/flow", R"({"operation": "start-flow"})");
  EXPECT_EQ(get_status(*gateway).at("errors").at(0).at("text"), "flow-error: No description");
}

}  // namespace
}  // namespace omnibus::gateway
