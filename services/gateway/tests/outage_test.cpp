/// The gateway on a broker that is slow or away.

#include "core/tests/fake_backend.hpp"
#include "services/gateway/tests/gateway_fixture.hpp"

namespace omnibus::gateway {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::size_t window = 1000;  // of a producer

class Outage : public testing::Test {
 protected:
  void SetUp() override {
    GatewayOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.http_errors = HttpErrors::strict;
    options.outstanding = 10 * window;
    gateway_ = std::make_unique<Gateway>(bus_, options);
    gateway_->start();
    while (!gateway_->ready().empty()) std::this_thread::yield();
  }
  void TearDown() override {
    broker_->hold_confirms(false);
    gateway_->stop(std::chrono::milliseconds(100));
  }
  static std::string interfaces() {
    return json::serialize(json::object{
        {"interfaces", {{"text-load", "q1/tg/flow/in"}, {"triples-store", "q1/tg/flow/triples"}}}});
  }
  HttpClient::Response post(const std::string& path, const std::string& body) {
    return HttpClient(gateway_->port()).post(path, body);
  }
  HttpClient::Response get(const std::string& path) {
    HttpClient client(gateway_->port());
    client.write("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return client.read();
  }

  std::shared_ptr<fake::Broker> broker_ = std::make_shared<fake::Broker>();
  Bus bus_ = broker_->connect();
  FakeServices services_{bus_, FakeServices::with_flow(1, "f", interfaces())};
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(Outage, AFullWindowIsAnErrorAtOnce) {
  EXPECT_EQ(post(text_load, R"({"text": "YQ=="})").result_int(), 200u);
  broker_->hold_confirms(true);
  WebSocketClient client(gateway_->port());
  for (std::size_t i = 0; i < window; ++i) {
    client.send(R"({"id": 1, "service": "text-load", "flow": "f", "request": {"text": "YQ=="}})");
  }
  while (broker_->unconfirmed() < window) std::this_thread::yield();
  const auto refused = post(text_load, R"({"text": "YQ=="})");
  EXPECT_EQ(refused.result_int(), 503u);
  EXPECT_EQ(json::parse(refused.body()).at("error"), "the queue takes no more now; try again");
  broker_->hold_confirms(false);
  for (std::size_t i = 0; i < window; ++i)
    EXPECT_EQ(json::parse(client.read()).at("response"), json::object());
  EXPECT_EQ(post(text_load, R"({"text": "YQ=="})").result_int(), 200u);
}

TEST_F(Outage, AnImportWaitsForRoomAndLosesNothing) {
  WebSocketClient client(gateway_->port(), "/api/v1/flow/f/import/triples");
  broker_->hold_confirms(true);
  const auto message = [](std::size_t number) {
    return R"({"metadata": {"id": ")" + std::to_string(number) +
           R"(", "metadata": [], "user": "u", "collection": "c"}, "triples": []})";
  };
  const std::size_t count = window + 100;
  for (std::size_t i = 0; i < count; ++i) client.send(message(i));
  while (broker_->unconfirmed() < window) std::this_thread::yield();
  broker_->hold_confirms(false);
  while (broker_->payloads("q1/tg/flow/triples").size() < count) std::this_thread::yield();
  const auto payloads = broker_->payloads("q1/tg/flow/triples");
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(json::parse(payloads[i]).at("metadata").at("id"), json::string(std::to_string(i)));
  }
}

TEST_F(Outage, NamesTheMissingBackendUntilItIsBack) {
  EXPECT_EQ(get("/api/v1/ready").result_int(), 200u);
  broker_->cut();
  const auto missing = get("/api/v1/ready");
  EXPECT_EQ(missing.result_int(), 503u);
  EXPECT_THAT(missing.body(), testing::HasSubstr("backend fake: "));
  EXPECT_THAT(gateway_->ready(), testing::HasSubstr("backend fake: "));
  EXPECT_EQ(get("/api/v1/health").result_int(), 200u);
  const auto refused = post("/api/v1/config", R"({"operation": "list"})");
  EXPECT_EQ(refused.result_int(), 503u);
  broker_->restore();
  while (get("/api/v1/ready").result_int() != 200u) std::this_thread::yield();
}

}  // namespace
}  // namespace omnibus::gateway
