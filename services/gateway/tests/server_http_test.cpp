#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omnibus/error.hpp>

#include <thread>

#include "services/gateway/server/server.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_handler.hpp"

namespace omnibus::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;
namespace http = boost::beast::http;

class HttpServer : public testing::Test {
 protected:
  static ServerOptions options() {
    ServerOptions result;
    result.address = "127.0.0.1";
    result.port = 0;
    return result;
  }
  void start(ServerOptions with = options()) {
    server_ = std::make_unique<Server>(std::move(with), handler_);
    server_->start();
  }
  HttpClient client() { return HttpClient(server_->port()); }
  /// Waits until every connection is gone.
  bool empties() {
    const auto until = deadline_after(seconds(20));
    while (server_->connections() > 0 && Clock::now() < until) std::this_thread::yield();
    return server_->connections() == 0;
  }

  FakeHandler handler_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, GivesTheHandlerFlowServiceAndBody) {
  start();
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/flow/f%C3%A9/service/text-load", "{\"a\": 1}"));
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.flow, "f\xC3\xA9");
  EXPECT_EQ(seen.call.service, "text-load");
  EXPECT_EQ(seen.call.body, "{\"a\": 1}");
  EXPECT_TRUE(seen.reply({.body = "{}", .status = 200}));
  const auto response = one.read();
  EXPECT_EQ(response.result_int(), 200u);
  EXPECT_EQ(response[http::field::content_type], "application/json; charset=utf-8");
  EXPECT_EQ(response.body(), "{}");
  EXPECT_TRUE(response.keep_alive());
}

TEST_F(HttpServer, ServesPipelinedRequestsInOrder) {
  start();
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/a", "1") + HttpClient::post_text("/api/v1/b", "2"));
  auto first = handler_.next();
  EXPECT_EQ(handler_.waiting(), 0u);
  first.reply({.body = "A"});
  EXPECT_EQ(one.read().body(), "A");
  auto second = handler_.next();
  EXPECT_EQ(second.call.body, "2");
  second.reply({.body = "B", .status = 404});
  EXPECT_EQ(one.read().result_int(), 404u);
}

TEST_F(HttpServer, GivesTheLastPartOfAStreamedAnswer) {
  start();
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/a", "1"));
  auto seen = handler_.next();
  EXPECT_TRUE(seen.reply({.body = "part", .complete = false}));
  seen.reply({.body = "last"});
  EXPECT_EQ(one.read().body(), "last");
}

TEST_F(HttpServer, ReadsChunkedBodies) {
  start();
  auto one = client();
  one.write(
      "POST /api/v1/a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.body, "abcde");
  seen.reply({.body = "ok"});
  EXPECT_EQ(one.read().body(), "ok");
}

TEST_F(HttpServer, CarriesLargeBodiesBothWays) {
  start();
  auto one = client();
  const std::string large(9u << 20, 'x');
  one.write(HttpClient::post_text("/api/v1/a", large));
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.body, large);
  seen.reply({.body = large});
  EXPECT_EQ(one.read().body(), large);
}

TEST_F(HttpServer, AsksForTheBodyWhenTheClientWaitsForIt) {
  start();
  auto one = client();
  one.write("POST /api/v1/a HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  std::string go_on(25, '\0');
  boost::asio::read(one.socket(), boost::asio::buffer(go_on));
  EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
  one.write("hi");
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.body, "hi");
  seen.reply({.body = "ok"});
  EXPECT_EQ(one.read().body(), "ok");
}

TEST_F(HttpServer, RefusesUnknownPathsAndMethods) {
  start();
  auto one = client();
  one.write("GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n");
  auto response = one.read();
  EXPECT_EQ(response.result_int(), 404u);
  EXPECT_EQ(response.body(), "404: Not Found");
  EXPECT_EQ(response[http::field::content_type], "text/plain; charset=utf-8");
  one.write("GET /api/v1/config HTTP/1.1\r\nHost: t\r\n\r\n");
  response = one.read();
  EXPECT_EQ(response.result_int(), 405u);
  EXPECT_EQ(response.body(), "405: Method Not Allowed");
  EXPECT_EQ(response[http::field::allow], "POST");
  // The body of a refused request does not disturb the next one.
  EXPECT_EQ(one.post("/nothing", "{\"a\": 1}").result_int(), 404u);
  one.write("GET /api/v1/socket HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(one.read().result_int(), 400u);
}

TEST_F(HttpServer, AsksForTheToken) {
  auto with = options();
  with.api_token = "sekret";
  start(with);
  auto one = client();
  EXPECT_EQ(one.post("/api/v1/a", "{}").body(), "401: Unauthorized");
  EXPECT_EQ(one.post("/api/v1/a", "{}", "Authorization: Bearer nope\r\n").result_int(), 401u);
  one.write(HttpClient::post_text("/api/v1/a", "{}", "Authorization: Bearer sekret\r\n"));
  handler_.next().reply({.body = "in"});
  EXPECT_EQ(one.read().body(), "in");
}

TEST_F(HttpServer, RefusesABodyOverTheLimitWithoutReadingIt) {
  auto with = options();
  with.body_limit = 10;
  start(with);
  auto one = client();
  one.write("POST /api/v1/a HTTP/1.1\r\nHost: t\r\nContent-Length: 300000000\r\n\r\n");
  const auto response = one.read();
  EXPECT_EQ(response.result_int(), 413u);
  EXPECT_EQ(response.body(), "over 10");
  EXPECT_FALSE(response.keep_alive());
  auto two = client();
  two.write(
      "POST /api/v1/a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
      "chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n");
  EXPECT_EQ(two.read().result_int(), 413u);
  auto three = client();
  three.write(HttpClient::post_text("/api/v1/a", "0123456789"));
  EXPECT_EQ(handler_.next().call.body, "0123456789");
}

TEST_F(HttpServer, RefusesWhatIsNoHttp) {
  start();
  auto one = client();
  one.write("this is not HTTP\r\n\r\n");
  EXPECT_THAT(one.read_all(), StartsWith("HTTP/1.1 400 "));
  auto two = client();
  two.write("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  EXPECT_THAT(two.read_all(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServer, RefusesABodyThatIsNoHttp) {
  start();
  constexpr std::string_view head = "POST /api/v1/config HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: ";
  for (const char* rest :
       {"chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "chunked\r\n\r\n2\r\n{}xyz\r\n", "gzip\r\n\r\n{}"}) {
    auto one = client();
    one.write(std::string(head) + rest);
    EXPECT_THAT(one.read_all(), StartsWith("HTTP/1.1 400 ")) << rest;
  }
  auto one = client();
  one.write("POST /api/v1/config HTTP/1.1\r\nHost: t\r\nContent-Length: 20\r\n\r\n{");
  one.finish_writing();
  EXPECT_THAT(one.read_all(), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(handler_.waiting(), 0u);
}

TEST_F(HttpServer, BoundsWhatStandsBetweenChunks) {
  start();
  for (const char* before : {"2;", "0\r\nX: "}) {
    auto one = client();
    one.write("POST /api/v1/config HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    one.write(before + std::string(200 * 1024, 'x'));
    EXPECT_THAT(one.read_all(), StartsWith("HTTP/1.1 400 ")) << before;
  }
}

TEST_F(HttpServer, ClosesConnectionsThatStall) {
  auto with = options();
  with.header_timeout = milliseconds(50);
  with.idle_timeout = milliseconds(50);
  start(with);
  auto silent = client();
  auto half_head = client();
  half_head.write("POST /api/v1/a HT");
  auto half_body = client();
  half_body.write("POST /api/v1/a HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(half_head.read_all(), "");
  EXPECT_EQ(half_body.read_all(), "");
  EXPECT_TRUE(empties());
  EXPECT_EQ(handler_.waiting(), 0u);
}

TEST_F(HttpServer, AWaitingRequestMayTakeLongerThanTheIdleTimeout) {
  auto with = options();
  with.idle_timeout = milliseconds(30);
  start(with);
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/a", "1"));
  auto seen = handler_.next();
  auto other = client();
  EXPECT_EQ(other.read_all(), "");  // the idle timeout has passed
  seen.reply({.body = "late"});
  EXPECT_EQ(one.read().body(), "late");
}

TEST_F(HttpServer, CutsOffAClientThatDoesNotRead) {
  auto with = options();
  with.idle_timeout = milliseconds(50);
  start(with);
  auto one = client();
  one.socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
  one.write(HttpClient::post_text("/api/v1/a", "1"));
  handler_.next().reply({.body = std::string(64u << 20, 'x')});
  EXPECT_TRUE(empties());
}

TEST_F(HttpServer, AnswersAHalfClosedClient) {
  start();
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/a", "1"));
  one.finish_writing();
  auto seen = handler_.next();
  seen.reply({.body = "ok"});
  EXPECT_THAT(one.read_all(), HasSubstr("\r\n\r\nok"));
}

TEST_F(HttpServer, DoesNotWaitForEverForAClientThatClosed) {
  auto with = options();
  with.idle_timeout = milliseconds(50);
  start(with);
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/config", "{}"));
  auto seen = handler_.next();
  one.socket().close();  // with nothing unread, so that the server sees no reset
  EXPECT_TRUE(empties());
  EXPECT_FALSE(seen.reply({.body = "nobody"}));
}

TEST_F(HttpServer, FreesEverythingOfAClientThatVanishes) {
  start();
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/a", "1"));
  auto seen = handler_.next();
  one.vanish();
  EXPECT_TRUE(empties());
  EXPECT_FALSE(seen.reply({.body = "nobody"}));
}

TEST_F(HttpServer, LetsNewClientsWaitBeyondTheConnectionLimit) {
  auto with = options();
  with.max_connections = 1;
  start(with);
  auto one = std::make_unique<HttpClient>(server_->port());
  one->write(HttpClient::post_text("/api/v1/a", "1"));
  handler_.next().reply({.body = "first"});
  EXPECT_EQ(one->read().body(), "first");
  auto two = client();
  two.write(HttpClient::post_text("/api/v1/b", "2"));
  EXPECT_EQ(handler_.waiting(), 0u);
  one.reset();
  handler_.next().reply({.body = "second"});
  EXPECT_EQ(two.read().body(), "second");
}

TEST_F(HttpServer, LargeBodiesWaitForMemory) {
  auto with = options();
  with.body_memory = 3u << 20;
  start(with);
  const std::string large(2u << 20, 'x');
  auto one = client();
  one.write(HttpClient::post_text("/api/v1/a", large));
  auto first = handler_.next();
  auto two = client();
  auto gone = client();
  std::thread writer([&] { two.write(HttpClient::post_text("/api/v1/b", large)); });
  // It waits too, and leaves without harm.
  gone.write("POST /api/v1/c HTTP/1.1\r\nHost: t\r\nContent-Length: 2097152\r\n\r\n" +
             large.substr(0, 1100000));
  auto small = client();
  small.write(HttpClient::post_text("/api/v1/d", "1"));
  EXPECT_EQ(handler_.next().call.service, "d");  // small ones pass
  gone.vanish();
  first.reply({.body = "done"});
  EXPECT_EQ(one.read().body(), "done");
  auto second = handler_.next();
  EXPECT_EQ(second.call.service, "b");
  second.reply({.body = "done too"});
  writer.join();
  EXPECT_EQ(two.read().body(), "done too");
}

TEST_F(HttpServer, ReportsAPortInUse) {
  start();
  auto with = options();
  with.port = server_->port();
  Server other(with, handler_);
  try {
    other.start();
    FAIL() << "two servers on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::conflict);
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(with.port)));
    EXPECT_THAT(error.what(), HasSubstr("--port"));
  }
  with.address = "nowhere";
  Server wrong(with, handler_);
  EXPECT_THROW(wrong.start(), ConfigError);
}

TEST_F(HttpServer, StopFinishesRunningRequests) {
  start();
  auto idle = client();
  auto busy = client();
  busy.write(HttpClient::post_text("/api/v1/a", "1"));
  auto seen = handler_.next();
  CloseReport report;
  std::thread stopper([&] { report = server_->stop(seconds(20)); });
  EXPECT_EQ(idle.read_all(), "");
  seen.reply({.body = "done"});
  const auto response = busy.read();
  stopper.join();
  EXPECT_EQ(response.body(), "done");
  EXPECT_FALSE(response.keep_alive());
  EXPECT_EQ(report.flushed, 1u);
  EXPECT_EQ(report.running, 0u);
  EXPECT_THROW(HttpClient(server_->port()), boost::system::system_error);
}

TEST_F(HttpServer, StopCutsOffAtTheDeadline) {
  start();
  auto busy = client();
  busy.write(HttpClient::post_text("/api/v1/a", "1"));
  auto seen = handler_.next();
  const auto report = server_->stop(milliseconds(10));
  EXPECT_EQ(report.running, 1u);
  EXPECT_EQ(busy.read_all(), "");
  EXPECT_FALSE(seen.reply({.body = "late"}));
  EXPECT_EQ(server_->stop(seconds(1)).running, 0u);
}

}  // namespace
}  // namespace omnibus::gateway
