#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <omnibus/error.hpp>

#include "services/gateway/server/server.hpp"
#include "services/gateway/server/tls.hpp"
#include "services/gateway/tests/client.hpp"
#include "services/gateway/tests/fake_handler.hpp"
#include "support/self_signed.hpp"

namespace omnibus::gateway {
namespace {

namespace ssl = boost::asio::ssl;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// A certificate and its key in files of a folder of their own.
class Files {
 public:
  Files() {
    auto pattern = (std::filesystem::temp_directory_path() / "omnibus-gateway-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    const auto identity = make_identity();
    certificate = write("certificate.pem", identity.certificate);
    key = write("key.pem", identity.key);
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  std::string certificate, key;

 private:
  std::filesystem::path folder_;
};

class TlsServer : public testing::Test {
 protected:
  using Stream = ssl::stream<Tcp::socket>;

  TlsServer() {
    options_.address = "127.0.0.1";
    options_.port = 0;
    options_.tls_certificate = files_.certificate;
    options_.tls_key = files_.key;
    trusting_.load_verify_file(files_.certificate);
    trusting_.set_verify_mode(ssl::verify_peer);
  }
  void start() {
    server_ = std::make_unique<Server>(options_, handler_);
    server_->start();
  }
  /// A connection whose handshake is yet to come.
  Stream connected() {
    Stream stream(io_, trusting_);
    stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), server_->port()});
    return stream;
  }
  Stream secured() {
    auto stream = connected();
    stream.handshake(ssl::stream_base::client);
    return stream;
  }
  static void write(Stream& stream, const std::string& text) {
    boost::asio::write(stream, boost::asio::buffer(text));
  }
  static HttpClient::Response read(Stream& stream) {
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    http::read(stream, buffer, parser);
    return parser.release();
  }
  bool empties() {
    const auto until = deadline_after(seconds(20));
    while (server_->connections() > 0 && Clock::now() < until) std::this_thread::yield();
    return server_->connections() == 0;
  }

  const Files files_;
  boost::asio::io_context io_;
  ssl::context trusting_{ssl::context::tls_client};
  FakeHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsServer, AnswersHttps) {
  start();
  auto client = secured();
  for (const std::size_t size : {1u, 5u << 20}) {
    write(client, HttpClient::post_text("/api/v1/config", std::string(size, 'q')));
    auto seen = handler_.next();
    EXPECT_EQ(seen.call.body, std::string(size, 'q'));
    seen.reply({.body = std::string(size, 'a')});
    EXPECT_EQ(read(client).body(), std::string(size, 'a'));
  }
}

TEST_F(TlsServer, TellsTheEndOfTheLastAnswer) {
  start();
  auto client = secured();
  write(client, "GET /api/v1/health HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(read(client).result_int(), 200u);
  boost::system::error_code ec;
  char more = 0;
  client.read_some(boost::asio::buffer(&more, 1), ec);
  EXPECT_EQ(ec, boost::asio::error::eof);  // close_notify, not a truncated stream
}

TEST_F(TlsServer, AnswersWssUntilItCloses) {
  start();
  websocket::stream<Stream> client(secured());
  client.handshake("t", "/api/v1/socket");
  client.write(boost::asio::buffer(std::string("question")));
  auto seen = handler_.next();
  EXPECT_EQ(seen.call.body, "question");
  seen.reply({.body = "answer"});
  boost::beast::flat_buffer buffer;
  client.read(buffer);
  EXPECT_EQ(boost::beast::buffers_to_string(buffer.data()), "answer");
  client.close(websocket::close_code::normal);
  EXPECT_TRUE(empties());
}

TEST_F(TlsServer, StopsWithClientsConnected) {
  start();
  websocket::stream<Stream> socket(secured());
  socket.handshake("t", "/api/v1/socket");
  auto idle = secured();
  auto silent = connected();
  (void)server_->stop(milliseconds(50));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(TlsServer, RefusesWhatIsNoTls) {
  start();
  HttpClient plain(server_->port());
  plain.write("GET /api/v1/health HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(plain.read_all(), testing::Not(HasSubstr("HTTP/1.1 200")));
  EXPECT_TRUE(empties());
  EXPECT_EQ(handler_.counted("cut off tls-handshake"), 1);
}

TEST_F(TlsServer, RefusesOldTls) {
  start();
  SSL_CTX_set_security_level(trusting_.native_handle(), 0);
  SSL_CTX_set_min_proto_version(trusting_.native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(trusting_.native_handle(), TLS1_1_VERSION);
  EXPECT_THROW(secured(), boost::system::system_error);
  SSL_CTX_set_max_proto_version(trusting_.native_handle(), TLS1_2_VERSION);
  EXPECT_NO_THROW(secured());
}

TEST_F(TlsServer, AHandshakeHasTheTimeOfAHead) {
  options_.header_timeout = milliseconds(50);
  start();
  auto silent = connected();
  EXPECT_TRUE(empties());
}

TEST_F(TlsServer, DoesNotWaitForEverForAClientThatClosed) {
  options_.idle_timeout = milliseconds(50);
  start();
  for (const std::string unread : {"", "GET /api/v1/health HTTP/1.1\r\nHost: t\r\n\r\n"}) {
    auto client = secured();
    write(client, HttpClient::post_text("/api/v1/a", "1"));
    const auto seen = handler_.next();
    if (!unread.empty()) write(client, unread);  // hides the end
    client.next_layer().shutdown(Tcp::socket::shutdown_send);
    EXPECT_TRUE(empties());
    EXPECT_FALSE(seen.reply({.body = "nobody"}));
  }
}

std::string complaint(const std::string& certificate, const std::string& key) {
  try {
    (void)make_tls(certificate, key);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(TlsFiles, AreBothNeededAndBelongTogether) {
  const Files files, others;
  EXPECT_EQ(make_tls("", ""), nullptr);
  EXPECT_NE(make_tls(files.certificate, files.key), nullptr);
  EXPECT_THAT(complaint(files.certificate, ""), HasSubstr("--tls-certificate is given without --tls-key"));
  EXPECT_THAT(complaint("", files.key), HasSubstr("--tls-key is given without --tls-certificate"));
  EXPECT_THAT(complaint("/nowhere.pem", files.key),
              HasSubstr("--tls-certificate: cannot use '/nowhere.pem'"));
  EXPECT_THAT(complaint(files.certificate, "/nowhere.pem"),
              HasSubstr("--tls-key: cannot use '/nowhere.pem'"));
  EXPECT_THAT(complaint(files.certificate, others.key), HasSubstr("key values mismatch"));
  EXPECT_THAT(complaint(files.write("no.pem", "no certificate"), files.key), HasSubstr("--tls-certificate"));
}

}  // namespace
}  // namespace omnibus::gateway
