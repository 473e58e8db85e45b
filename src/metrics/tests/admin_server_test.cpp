#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <omnibus/error.hpp>
#include <omnibus/metrics.hpp>

namespace omnibus {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;

/// Sends `text` and reads until the server closes.
std::string exchange(std::uint16_t port, const std::string& text) {
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket, asio::buffer(text));
  std::string answer;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(answer), end);
  return answer;
}

std::string get(const AdminServer& server, const std::string& path) {
  return exchange(server.port(), "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

TEST(AdminServer, ServesMetrics) {
  Metrics metrics;
  metrics.gauge("answer", "The answer").set(42);
  const AdminServer server(metrics, 0, "127.0.0.1");
  const auto page = get(server, "/metrics?x=1");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(page, HasSubstr("version=0.0.4"));
  EXPECT_THAT(page, HasSubstr("answer 42"));
}

TEST(AdminServer, IsAliveAndReadyWithoutACheck) {
  const AdminServer server(Metrics(), 0, "127.0.0.1");
  EXPECT_THAT(get(server, "/healthz"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(get(server, "/readyz"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(AdminServer, TellsWhyItIsNotReady) {
  AdminServer server(Metrics(), 0, "127.0.0.1");
  server.ready_when([] { return std::string("no configuration yet"); });
  const auto page = get(server, "/readyz");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(page, HasSubstr("no configuration yet"));
  server.ready_when([] { return std::string(); });
  EXPECT_THAT(get(server, "/readyz"), StartsWith("HTTP/1.1 200"));
}

TEST(AdminServer, AThrowingCheckIsNotReady) {
  AdminServer server(Metrics(), 0, "127.0.0.1");
  server.ready_when([]() -> std::string { throw std::runtime_error("boom"); });
  const auto page = get(server, "/readyz");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(page, HasSubstr("boom"));
}

TEST(AdminServer, RefusesUnknownPagesAndMethods) {
  const AdminServer server(Metrics(), 0, "127.0.0.1");
  EXPECT_THAT(get(server, "/other"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(exchange(server.port(), "DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
}

TEST(AdminServer, SurvivesGarbageAndOversizedHeaders) {
  const AdminServer server(Metrics(), 0, "127.0.0.1");
  EXPECT_EQ(exchange(server.port(), "\x16\x03\x01garbage\r\n\r\n"), "");
  exchange(server.port(), "GET / HTTP/1.1\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  EXPECT_THAT(get(server, "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST(AdminServer, BoundsWhatItKeepsOfARequest) {
  const AdminServer server(Metrics(), 0, "127.0.0.1");
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), server.port()});
  const std::string head = "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ";
  asio::write(socket, asio::buffer(head));
  const std::string part(1u << 20, 'x');
  boost::system::error_code refused;
  for (int i = 0; i < 64 && !refused; ++i) asio::write(socket, asio::buffer(part), refused);
  EXPECT_TRUE(refused) << "64 MiB of one header were taken";
}

TEST(AdminServer, APortInUseIsOneClearError) {
  const AdminServer server(Metrics(), 0, "127.0.0.1");
  try {
    const AdminServer second(Metrics(), server.port(), "127.0.0.1");
    FAIL() << "the port is taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::conflict);
    EXPECT_THAT(error.what(), HasSubstr("port " + std::to_string(server.port())));
    EXPECT_THAT(error.what(), HasSubstr("--metrics-port"));
  }
}

TEST(AdminServer, AMalformedAddressIsAConfigError) {
  EXPECT_THROW(AdminServer(Metrics(), 0, "not an address"), ConfigError);
}

TEST(AdminServer, EndsWithAConnectionOpen) {
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  {
    const AdminServer server(Metrics(), 0, "127.0.0.1");
    socket.connect({asio::ip::address_v4::loopback(), server.port()});
    asio::write(socket, asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")));
    char first = 0;
    asio::read(socket, asio::buffer(&first, 1));
    EXPECT_EQ(first, 'H');
  }
  std::string rest;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(rest), end);
  EXPECT_TRUE(end);
}

}  // namespace
}  // namespace omnibus
