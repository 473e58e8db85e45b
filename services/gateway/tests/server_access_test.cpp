#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <omnibus/error.hpp>

#include "services/gateway/server/origins.hpp"
#include "services/gateway/server/rate_limiter.hpp"
#include "services/gateway/server/server.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_handler.hpp"

namespace omnibus::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
namespace http = boost::beast::http;

class Access : public testing::Test {
 protected:
  Access() {
    options_.address = "127.0.0.1";
    options_.port = 0;
  }
  void start() {
    server_ = std::make_unique<Server>(options_, handler_);
    server_->start();
  }
  HttpClient::Response send(const std::string& line, const std::string& headers = {}) {
    HttpClient client(server_->port());
    client.write(line + " HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n");
    return client.read();
  }
  /// The status of a WebSocket handshake.
  unsigned handshake(const std::string& headers) {
    HttpClient client(server_->port());
    client.write(
        "GET /api/v1/socket HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        headers + "\r\n");
    http::response_parser<http::empty_body> parser;
    boost::beast::flat_buffer buffer;
    http::read_header(client.socket(), buffer, parser);
    return parser.get().result_int();
  }
  /// Sends bytes one by one until the server has enough of it.
  static void dribble(HttpClient& client) {
    EXPECT_THROW(while (true) client.write("x"), boost::system::system_error);
  }

  FakeHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(Access, AnyPageMayOpenASocketWithoutAList) {
  start();
  EXPECT_EQ(handshake("Origin: https://anywhere.example\r\n"), 101u);
  const auto response = send("GET /api/v1/health", "Origin: https://anywhere.example\r\n");
  EXPECT_EQ(response.count(http::field::access_control_allow_origin), 0u);
  EXPECT_EQ(send("OPTIONS /api/v1/config", "Origin: https://anywhere.example\r\n").result_int(), 405u);
}

TEST_F(Access, OnlyListedPagesMayComeIn) {
  options_.origins = {"https://ours.example", "http://localhost:3000"};
  start();
  EXPECT_EQ(handshake("Origin: https://ours.example\r\n"), 101u);
  EXPECT_EQ(handshake("Origin: http://localhost:3000\r\n"), 101u);
  EXPECT_EQ(handshake(""), 101u);  // no browser
  EXPECT_EQ(handshake("Origin: https://ours.example.evil\r\n"), 403u);
  EXPECT_EQ(handshake("Origin: null\r\n"), 403u);
  EXPECT_EQ(handshake("Origin: http://t\r\n"), 101u);  // the gateway's own page: the request's Host is t
  const auto ours = send("GET /api/v1/health", "Origin: https://ours.example\r\n");
  EXPECT_EQ(ours[http::field::access_control_allow_origin], "https://ours.example");
  EXPECT_EQ(ours[http::field::vary], "Origin");
  EXPECT_EQ(send("GET /api/v1/health", "Origin: https://evil.example\r\n")
                .count(http::field::access_control_allow_origin),
            0u);
}

TEST_F(Access, AnswersPreflightsOfListedPages) {
  options_.origins = {"https://ours.example"};
  options_.api_token = "sekret";  // a preflight carries none
  start();
  const auto ours = send("OPTIONS /api/v1/config", "Origin: https://ours.example\r\n");
  EXPECT_EQ(ours.result_int(), 200u);
  EXPECT_EQ(ours[http::field::access_control_allow_origin], "https://ours.example");
  EXPECT_EQ(ours[http::field::access_control_allow_methods], "GET, POST");
  EXPECT_THAT(std::string(ours[http::field::access_control_allow_headers]),
              testing::HasSubstr("Authorization"));
  const auto evil = send("OPTIONS /api/v1/config", "Origin: https://evil.example\r\n");
  EXPECT_EQ(evil.count(http::field::access_control_allow_origin), 0u);
  EXPECT_EQ(evil.count(http::field::access_control_allow_methods), 0u);
}

TEST_F(Access, KeepsAHarmlessRequestIdAndMakesOneElse) {
  start();
  EXPECT_EQ(send("GET /api/v1/health", "X-Request-Id: my.id-1\r\n")["X-Request-Id"], "my.id-1");
  for (const auto* bad : {"", "a b", "<script>", "x\x80"}) {
    const auto response = send("GET /api/v1/health", "X-Request-Id: " + std::string(bad) + "\r\n");
    EXPECT_EQ(response["X-Request-Id"].size(), 36u) << bad;
  }
  HttpClient client(server_->port());
  client.write(HttpClient::post_text("/api/v1/config", "{}", "X-Request-Id: seven\r\n"));
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.request_id, "seven");
  seen.reply({.body = "{}"});
  EXPECT_EQ(client.read()["X-Request-Id"], "seven");
}

TEST_F(Access, HealthIsOpenAndReadinessNeedsTheToken) {
  options_.api_token = "sekret";
  start();
  EXPECT_EQ(send("GET /api/v1/health").body(), R"({"status": "alive"})");
  EXPECT_EQ(send("GET /api/v1/ready").result_int(), 401u);
  HttpClient client(server_->port());
  client.write("GET /api/v1/ready HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer sekret\r\n\r\n");
  handler_.next().reply({.body = "not yet", .status = 503});
  const auto response = client.read();
  EXPECT_EQ(response.result_int(), 503u);
  EXPECT_EQ(response.body(), "not yet");
}

TEST_F(Access, CountsAnswersByRoute) {
  start();
  send("GET /api/v1/health");
  send("GET /api/v1/health");
  send("GET /nothing/that/exists");
  EXPECT_EQ(handshake(""), 101u);
  EXPECT_EQ(handler_.counted("health 200"), 2);
  EXPECT_EQ(handler_.counted("none 404"), 1);
  EXPECT_EQ(handler_.counted("socket 101"), 1);
}

TEST_F(Access, AnAddressHasItsRequestsPerSecond) {
  options_.max_request_rate = 1;
  start();
  EXPECT_EQ(send("GET /nothing").result_int(), 404u);
  HttpClient::Response refused;
  for (int i = 0; i < 100 && refused.result_int() != 429u; ++i) refused = send("GET /nothing");
  EXPECT_EQ(refused.result_int(), 429u);
  EXPECT_EQ(refused[http::field::retry_after], "1");
  EXPECT_EQ(send("GET /api/v1/health").result_int(), 200u);
}

TEST_F(Access, ASocketThatAsksTooMuchWaits) {
  options_.max_request_rate = 4;
  start();
  WebSocketClient client(server_->port());
  for (int i = 0; i < 6; ++i) client.send(std::to_string(i));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(handler_.next().call.body, std::to_string(i));
}

TEST_F(Access, AHeadHasOneDeadlineHoweverItsBytesCome) {
  options_.header_timeout = milliseconds(60);
  options_.idle_timeout = milliseconds(10);
  start();
  HttpClient slow(server_->port());
  const auto step = [&] {
    slow.write("x");
    HttpClient(server_->port()).read_all();  // closed after the idle timeout
  };
  EXPECT_THROW(for (int i = 0; i < 1000; ++i) step(), boost::system::system_error);
  EXPECT_EQ(handler_.counted("cut off slow-head"), 1);
}

TEST_F(Access, ABodyMustComeAtTheLeastRate) {
  options_.idle_timeout = milliseconds(50);
  options_.min_ingress_rate = 1u << 30;
  options_.body_limit = 1u << 30;
  start();
  HttpClient slow(server_->port());
  slow.write("POST /api/v1/a HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000000\r\n\r\n");
  dribble(slow);
  EXPECT_EQ(handler_.waiting(), 0u);
  EXPECT_EQ(handler_.counted("cut off slow-body"), 1);
}

TEST_F(Access, AMessageMustComeAtTheLeastRate) {
  options_.idle_timeout = milliseconds(50);
  options_.min_ingress_rate = 1u << 30;
  start();
  WebSocketClient slow(server_->port());
  EXPECT_THROW(while (true) slow.stream().write_some(false, boost::asio::buffer("x", 1)),
               boost::system::system_error);
  EXPECT_EQ(handler_.waiting(), 0u);
  EXPECT_EQ(handler_.counted("cut off slow-message"), 1);
}

TEST(RateLimiter, GivesEveryAddressItsShare) {
  RateLimiter limiter(2);
  const auto one = boost::asio::ip::make_address("10.0.0.1");
  const auto two = boost::asio::ip::make_address("::1");
  const auto now = Clock::now();
  EXPECT_EQ(limiter.take(one, now), Duration::zero());
  EXPECT_EQ(limiter.take(one, now), Duration::zero());
  EXPECT_EQ(limiter.take(one, now), milliseconds(500));
  EXPECT_EQ(limiter.take(two, now), Duration::zero());
  EXPECT_EQ(limiter.take(one, now + milliseconds(500)), Duration::zero());
  EXPECT_EQ(limiter.addresses(), 2u);
  EXPECT_EQ(limiter.take(two, now + seconds(5)), Duration::zero());
  EXPECT_EQ(limiter.addresses(), 1u);
}

TEST(RateLimiter, ZeroIsNoLimit) {
  RateLimiter limiter(0);
  const auto now = Clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.take({}, now), Duration::zero());
  EXPECT_EQ(limiter.addresses(), 0u);
}

TEST(OriginsCheck, WantsAnOrigin) {
  for (const auto* good : {"*", "https://a.example", "http://localhost:3000"}) Origins::check(good);
  for (const auto* bad : {"", "a.example", "https://", "https://a.example/", "https://a.example/x"}) {
    EXPECT_THROW(Origins::check(bad), ConfigError) << bad;
  }
}

}  // namespace
}  // namespace omnibus::gateway
