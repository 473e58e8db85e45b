/// What clients and the log are told of requests that fail.

#include <mutex>
#include <vector>

#include <omnibus/log.hpp>

#include "services/gateway/dispatch/request_metrics.hpp"
#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

/// Everything that is logged while it lives.
class Log {
 public:
  Log() {
    log::set_level(log::Level::debug);
    log::set_handler([this](log::Level, std::string_view message) {
      const std::lock_guard lock(mutex_);
      lines_.append(message).append("\n");
    });
  }
  ~Log() {
    log::set_handler(nullptr);
    log::set_level(log::Level::info);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  std::string text() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;  // guards lines_
  std::string lines_;
};

class Errors : public GatewayTest {
 protected:
  static GatewayOptions strict() {
    auto with = options();
    with.http_errors = HttpErrors::strict;
    return with;
  }
  static HttpClient::Response request(const Gateway& gateway, const std::string& line,
                                      const std::string& headers = {}, const std::string& body = {}) {
    HttpClient client(gateway.port());
    client.write(line + " HTTP/1.1\r\nHost: t\r\n" + headers +
                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read();
  }
  /// Everything that answers and is never answered.
  static std::string silent_flow() {
    const json::object queues{{"request", "q0/tg/request/nobody"}, {"response", "q0/tg/response/nobody"}};
    return json::serialize(json::object{
        {"interfaces", {{"prompt", queues}, {"weather", queues}, {"text-load", "q1/tg/flow/in"}}}});
  }
};

TEST_F(Errors, TheTimeoutHoldsOnEveryWay) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", silent_flow()));
  const auto silent = consumer("q0/tg/request/nobody");
  for (const auto errors : {HttpErrors::strict, HttpErrors::compatible}) {
    auto with = options();
    with.timeout = milliseconds(50);
    with.http_errors = errors;
    const auto gateway = start(with);
    const auto timeout = json::parse(R"({"type": "gateway-error", "message": "Timeout"})");
    for (const auto* line :
         {"POST /api/v1/config", "POST /api/v1/librarian", "POST /api/v1/flow/f/service/prompt",
          "POST /api/v1/flow/f/service/weather", "GET /api/v1/export-core?id=i&user=u"}) {
      SCOPED_TRACE(line);
      const auto response = request(*gateway, line, "", R"({"operation": "list"})");
      EXPECT_EQ(response.result_int(), errors == HttpErrors::strict ? 504u : 200u);
      EXPECT_EQ(json::parse(response.body()).at("error"), timeout);
    }
    WebSocketClient client(gateway->port());
    for (const auto* frame : {R"({"id": 1, "service": "config", "request": {"operation": "list"}})",
                              R"({"id": 1, "service": "prompt", "flow": "f", "request": {}})"}) {
      client.send(frame);
      EXPECT_EQ(json::parse(client.read()).at("response").at("error"), timeout);
    }
  }
}

TEST_F(Errors, AnImportOfACoreHasTheTimeoutToo) {
  FakeServices services(bus_);
  auto with = options();
  with.timeout = milliseconds(50);
  const auto gateway = start(with);
  Log log;
  const std::string record(
      "\x92\xa1t\x82\xa1m\x84\xa1i\xa1x\xa1m\x90\xa1u\xa1x\xa1"
      "c\xa1x\xa1t\x90");
  const auto response =
      request(*gateway, "POST /api/v1/import-core?id=k&user=u", "X-Request-Id: seven\r\n", record);
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_THAT(log.text(), HasSubstr("request seven, the import of core 'k', ended: "));
  EXPECT_THAT(log.text(), HasSubstr("Timeout"));
}

struct Case {
  std::string line, body, headers;
  unsigned strict, compatible;
};

TEST_F(Errors, StrictStatusesFitAndCompatibleOnesAreThoseOfTheExistingGateway) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", silent_flow()));
  const std::vector<Case> cases = {
      {"POST /api/v1/config", "{", "", 400, 200},
      {"POST /api/v1/config", "[]", "", 400, 200},
      {"POST /api/v1/flow/f/service/text-load", "{}", "", 400, 200},
      {"POST /api/v1/flow/f/service/text-load", R"({"text": "a"})", "", 400, 200},
      {"POST /api/v1/nonesuch", "{}", "", 404, 200},
      {"POST /api/v1/flow/none/service/prompt", "{}", "", 404, 200},
      {"POST /api/v1/flow/f/service/none", "{}", "", 404, 200},
      {"POST /api/v1/config", std::string(2000, ' '), "", 413, 200},
      {"GET /api/v1/export-core?user=u", "", "", 400, 200},
      {"GET /nothing", "", "", 404, 404},
      {"GET /api/v1/flow", "", "", 405, 405},
      {"POST /api/v1/config", "{}", "Authorization: Basic x\r\n", 401, 401},
  };
  for (const auto errors : {HttpErrors::strict, HttpErrors::compatible}) {
    auto with = options();
    with.http_errors = errors;
    with.body_limit = 1000;
    const auto gateway = start(with);
    for (const auto& each : cases) {
      SCOPED_TRACE(each.line + " " + each.body.substr(0, 20));
      EXPECT_EQ(request(*gateway, each.line, each.headers, each.body).result_int(),
                errors == HttpErrors::strict ? each.strict : each.compatible);
    }
  }
}

TEST_F(Errors, StrictErrorsOfServicesHaveTheStatusThatFits) {
  FakeServices services(bus_);
  const auto gateway = start(strict());
  wait_ready(*gateway);
  for (const auto& [type, status] : std::vector<std::pair<std::string, unsigned>>{{"config-error", 400},
                                                                                  {"conflict", 409},
                                                                                  {"too_large", 413},
                                                                                  {"not-implemented", 501},
                                                                                  {"odd", 502}}) {
    services.line_up({}, {{"error", {{"type", type}, {"message", "m"}}}});
    EXPECT_EQ(request(*gateway, "POST /api/v1/config", "", R"({"operation": "list"})").result_int(), status);
  }
}

TEST_F(Errors, TooManyRequestsAre429) {
  auto with = strict();
  with.max_request_rate = 1;
  const auto gateway = start(with);
  HttpClient::Response response;
  for (int i = 0; i < 100 && response.result_int() != 429u; ++i) response = request(*gateway, "GET /nothing");
  EXPECT_EQ(response.result_int(), 429u);
}

TEST_F(Errors, StrictOnesNameTheirRequest) {
  FakeServices services(bus_);
  const auto gateway = start(strict());
  const auto response = request(*gateway, "POST /api/v1/nonesuch", "X-Request-Id: seven\r\n", "{}");
  EXPECT_EQ(json::parse(response.body()), json::parse(R"({"error": "'nonesuch'", "request-id": "seven"})"));
  EXPECT_EQ(response["X-Request-Id"], "seven");
  WebSocketClient client(gateway->port());
  const auto socket = std::string(client.response()["X-Request-Id"]);
  client.send(R"({"id": 1, "service": "nonesuch", "request": {}})");
  EXPECT_EQ(json::parse(client.read()).at("request-id"), json::string(socket + "-1"));
  wait_ready(*gateway);
  services.line_up({}, {{"error", {{"type", "t"}, {"message", "m"}}}});
  client.send(R"({"id": 1, "service": "config", "request": {"operation": "list"}})");
  EXPECT_EQ(json::parse(client.read()).at("request-id"), json::string(socket + "-2"));
}

TEST_F(Errors, AreLoggedWithTheirRequest) {
  FakeServices services(bus_);
  const auto gateway = start();
  Log log;
  request(*gateway, "POST /api/v1/nonesuch", "X-Request-Id: seven\r\n", "{}");
  EXPECT_THAT(log.text(), HasSubstr("gateway: request seven failed: {\"error\":\"'nonesuch'\"}"));
  WebSocketClient client(gateway->port());
  client.send(R"({"id": 1, "service": "nonesuch", "request": {}})");
  const auto answer = json::parse(client.read());
  EXPECT_EQ(answer.as_object().count("request-id"), 0u);
  const auto id = std::string(client.response()["X-Request-Id"]) + "-1";
  EXPECT_THAT(log.text(), HasSubstr("gateway: request " + id + " failed: "));
}

TEST_F(Errors, TheTokenIsNeverLogged) {
  FakeServices services(bus_);
  Log log;
  auto with = options();
  with.api_token = "sekret-one";
  const auto gateway = start(with);
  for (const std::string token : {"sekret-one", "sekret-two"}) {
    request(*gateway, "POST /api/v1/nonesuch", "Authorization: Bearer " + token + "\r\n", "{}");
    request(*gateway, "GET /api/v1/flow/f/import/none?token=" + token);
    try {
      WebSocketClient client(gateway->port(), "/api/v1/socket?token=" + token);
      client.send("{");
      client.read();
      WebSocketClient refused(gateway->port(), "/api/v1/flow/none/import/triples?token=" + token);
      refused.read_close();
    } catch (const boost::system::system_error&) {
      EXPECT_EQ(token, "sekret-two");
    }
  }
  EXPECT_THAT(log.text(), HasSubstr("failed"));
  EXPECT_THAT(log.text(), Not(HasSubstr("sekret")));
  EXPECT_THAT(bus_.metrics().text(), Not(HasSubstr("sekret")));
}

TEST_F(Errors, MetricsHaveFewSeries) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", silent_flow()));
  const auto gateway = start();
  wait_ready(*gateway);
  for (int i = 0; i < 20; ++i) {
    const auto name = std::to_string(i);
    request(*gateway, "GET /unknown/" + name);
    request(*gateway, "POST /api/v1/unknown" + name, "", "{}");
    request(*gateway, "POST /api/v1/flow/" + name + "/service/unknown" + name, "", "{}");
  }
  request(*gateway, "POST /api/v1/flow/f/service/text-load", "", R"({"text": "YQ=="})");
  services.line_up({}, {{"version", 1}});
  request(*gateway, "POST /api/v1/config", "", R"({"operation": "list"})");
  const auto text = bus_.metrics().text();
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(gateway_http_response_count_total{processor="api-gateway",route="none",status="4xx"} 20)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(gateway_http_response_count_total{processor="api-gateway",route="service",status="2xx"} 21)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(gateway_request_count_total{processor="api-gateway",service="other",status="error"} 40)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(gateway_queue_request_count_total{processor="api-gateway",queue="q1/tg/flow/in",status="success"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(gateway_queue_request_count_total{processor="api-gateway",queue="q0/tg/request/config",status="success"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(gateway_queue_outstanding{processor="api-gateway",queue="q0/tg/request/config"} 0)"));
  EXPECT_THAT(text, Not(HasSubstr("unknown")));
}

TEST(RequestMetrics, FoldWhatIsTooMuch) {
  Metrics metrics;
  RequestMetrics requests(metrics, "p");
  for (std::size_t i = 0; i < RequestMetrics::most_queues + 50; ++i) {
    requests.of_queue("q0/a/b/" + std::to_string(i)).success.add();
  }
  EXPECT_THAT(
      metrics.text(),
      HasSubstr(R"(gateway_queue_request_count_total{processor="p",queue="other",status="success"} 50)"));
  requests.of_queue("q0/a/b/0").success.add();
  EXPECT_EQ(requests.of_queue("q0/a/b/0").success.value(), 2);
}

TEST_F(Errors, PlainTextCanBeLoaded) {
  FakeServices services(bus_, FakeServices::with_flow(1, "f", silent_flow()));
  auto queue = consumer("q1/tg/flow/in");
  const auto gateway = start();
  for (const std::string text : {"Grüße, 世界", "two words."}) {
    const auto body = json::serialize(json::object{{"text", text}});
    EXPECT_EQ(post(*gateway, text_load, body), json::object());
    const auto message = queue.receive(std::chrono::seconds(20));
    queue.acknowledge(message);
    EXPECT_EQ(json::parse(message.value().bytes).at("text"), json::string(text));
  }
  EXPECT_EQ(post(*gateway, text_load, R"({"text": "word", "encoding": "plain"})"), json::object());
  EXPECT_EQ(json::parse(queue.receive(std::chrono::seconds(20)).value().bytes).at("text"), "word");
}

}  // namespace
}  // namespace omnibus::gateway
