#include <gtest/gtest.h>
#include <boost/beast/http/write.hpp>
#include <omnibus/error.hpp>

#include <array>
#include <thread>

#include <boost/asio/ip/udp.hpp>

#include "services/gateway/server/server.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_handler.hpp"

namespace omnibus::gateway {
namespace {

namespace http = boost::beast::http;

/// Stands in for Prometheus: one connection at a time.
class FakePrometheus {
 public:
  FakePrometheus() : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {}
  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  /// Takes one request, answers it; what it was asked for.
  std::string serve(unsigned status, const std::string& body) {
    auto socket = acceptor_.accept();
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(socket, buffer, request);
    http::response<http::string_body> response(static_cast<http::status>(status), 11, body);
    response.prepare_payload();
    http::write(socket, response);
    return std::string(request.target());
  }
  void accept_only() { held_.emplace(acceptor_.accept()); }

 private:
  boost::asio::io_context io_;
  Tcp::acceptor acceptor_;
  std::optional<Tcp::socket> held_;
};

class Metrics : public testing::Test {
 protected:
  void start(const std::string& port, const std::string& token = {}) {
    ServerOptions options;
    options.api_token = token;
    options.prometheus = {"127.0.0.1", port, ""};
    start(std::move(options));
  }
  void start(ServerOptions options) {
    options.address = "127.0.0.1";
    options.port = 0;
    server_ = std::make_unique<Server>(std::move(options), handler_);
    server_->start();
  }
  HttpClient::Response get(const std::string& path) {
    HttpClient client(server_->port());
    client.write("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return client.read();
  }

  FakeHandler handler_;
  FakePrometheus prometheus_;
  std::unique_ptr<Server> server_;
};

TEST_F(Metrics, PassesTheAnswerThrough) {
  start(prometheus_.port());
  std::string asked;
  std::jthread serving([&] { asked = prometheus_.serve(422, "no such metric"); });
  const auto response = get("/api/metrics/query?query=up%20x");
  serving.join();
  EXPECT_EQ(asked, "/api/v1/query?query=up%20x");
  EXPECT_EQ(response.result_int(), 422u);
  EXPECT_EQ(response.body(), "no such metric");
  EXPECT_EQ(response[http::field::content_type], "text/plain; charset=utf-8");
}

TEST_F(Metrics, NoAnswerIsAnInternalError) {
  start("1");
  const auto response = get("/api/metrics/query");
  EXPECT_EQ(response.result_int(), 500u);
  EXPECT_EQ(response.body(), "500: Internal Server Error");
}

TEST_F(Metrics, NeedsTheToken) {
  start(prometheus_.port(), "secret");
  EXPECT_EQ(get("/api/metrics/query").result_int(), 401u);
}

TEST_F(Metrics, AStopDoesNotWaitForPrometheus) {
  start(prometheus_.port());
  HttpClient client(server_->port());
  client.write("GET /api/metrics/query HTTP/1.1\r\nHost: t\r\n\r\n");
  prometheus_.accept_only();
  (void)server_->stop(std::chrono::milliseconds(1));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(Metrics, AStopDoesNotWaitForNameServers) {
  boost::asio::io_context io;
  boost::asio::ip::udp::socket silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  ServerOptions options;
  options.prometheus = {"prometheus.example.", "9090", "",
                        "127.0.0.1:" + std::to_string(silent.local_endpoint().port())};
  start(options);
  HttpClient client(server_->port());
  client.write("GET /api/metrics/query HTTP/1.1\r\nHost: t\r\n\r\n");
  std::array<char, 512> question{};
  silent.receive(boost::asio::buffer(question));
  (void)server_->stop(std::chrono::milliseconds(1));
  EXPECT_EQ(server_->connections(), 0u);
  server_.reset();
}

TEST_F(Metrics, AnAnswerHasTheRequestTimeout) {
  for (const bool strict : {false, true}) {
    ServerOptions options;
    options.prometheus = {"127.0.0.1", prometheus_.port(), ""};
    options.timeout = std::chrono::milliseconds(50);
    options.strict = strict;
    start(options);
    EXPECT_EQ(get("/api/metrics/query").result_int(), strict ? 504u : 500u);
  }
}

TEST_F(Metrics, StrictErrorsNameABadGateway) {
  ServerOptions options;
  options.prometheus = {"127.0.0.1", "1", ""};
  options.strict = true;
  start(options);
  EXPECT_EQ(get("/api/metrics/query").result_int(), 502u);
}

TEST_F(Metrics, LargeAnswersCountAsBodies) {
  ServerOptions options;
  options.prometheus = {"127.0.0.1", prometheus_.port(), ""};
  options.body_memory = 3u << 20;
  start(options);
  HttpClient reader(server_->port());
  reader.write("GET /api/metrics/query HTTP/1.1\r\nHost: t\r\n\r\n");
  prometheus_.serve(200, std::string(64u << 20, 'm'));  // more than sockets hold: not yet gone out
  HttpClient poster(server_->port());
  poster.write(HttpClient::post_text("/api/v1/config", std::string(2u << 20, 'b')));
  EXPECT_EQ(get("/nothing").result_int(), 404u);
  EXPECT_EQ(handler_.waiting(), 0u);
  EXPECT_EQ(reader.read().body().size(), 64u << 20);
  EXPECT_EQ(handler_.next().call.body.size(), 2u << 20);
}

TEST(UpstreamUrl, IsRead) {
  const auto full = Upstream::parse("http://host:90/base/");
  EXPECT_EQ(full.host, "host");
  EXPECT_EQ(full.port, "90");
  EXPECT_EQ(full.path, "/base");
  EXPECT_EQ(Upstream::parse("http://host").port, "80");
  EXPECT_EQ(Upstream::parse("http://[::1]:9090").host, "::1");
  EXPECT_EQ(Upstream::parse("http://[::1]:9090").port, "9090");
  for (const char* bad : {"", "host:9090", "https://host", "http://", "http://:9090",
                          "http://host:", "http://host:x", "http://host:65536", "http://host:123456"}) {
    EXPECT_THROW(Upstream::parse(bad), ConfigError) << bad;
  }
}

}  // namespace
}  // namespace omnibus::gateway
