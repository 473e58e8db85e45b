/// What TLS makes of peers of all kinds.

#include <gtest/gtest.h>
#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <fstream>

#include "support/self_signed.hpp"
#include "wire/tests/peer.hpp"

namespace omnibus::wire {
namespace {

/// A server of this identity that greets and waits for the end.
auto serve(const Identity& identity) {
  return [identity](tcp::socket& socket) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    context.use_certificate(asio::buffer(identity.certificate), asio::ssl::context::pem);
    asio::ssl::stream<tcp::socket&> stream(socket, context);
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    char byte = 0;
    if (!error) stream.read_some(asio::buffer(&byte, 1), error);
  };
}

/// The error of opening a TLS stream; empty when it opens.
std::optional<Error> opened(const Address& address, const std::string& ca_file = {}) {
  Loop loop;
  std::promise<std::optional<Error>> ended;
  loop.post([&] {
    Stream::open(loop, {.address = address, .tls = std::make_shared<const Tls>(ca_file)},
                 [&](const Error* error, const std::unique_ptr<Stream>&) {
                   ended.set_value(error != nullptr ? std::optional(*error) : std::nullopt);
                 });
  });
  return ended.get_future().get();
}

TEST(TlsStream, TrustsWhatItIsToldToAndNothingElse) {
  const auto identity = make_identity();
  const auto file = std::filesystem::path(testing::TempDir()) / "omnibus-wire-ca.pem";
  std::ofstream(file) << identity.certificate;
  {
    Peer peer(serve(identity));
    EXPECT_FALSE(opened(peer.address(), file.string()));
  }
  Peer stranger(serve(make_identity()));
  const auto error = opened(stranger.address(), file.string());
  std::filesystem::remove(file);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::authentication);
  EXPECT_FALSE(error->retryable());
}

TEST(TlsStream, CertificateOfAnotherHostIsRefused) {
  const auto identity = make_identity();
  const auto file = std::filesystem::path(testing::TempDir()) / "omnibus-wire-other.pem";
  std::ofstream(file) << identity.certificate;
  Peer peer(serve(identity));
  const auto error = opened({"localhost", peer.address().port}, file.string());
  std::filesystem::remove(file);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::authentication);
}

TEST(TlsStream, PeerThatBreaksOffIsUnavailable) {
  for (const std::string said : {"", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x15\x03\x03\x00\x02\x02\x50"}) {
    Peer peer([&](tcp::socket& socket) {
      std::string hello(4096, '\0');
      socket.read_some(asio::buffer(hello));
      asio::write(socket, asio::buffer(said));
      if (said.empty()) socket.set_option(asio::socket_base::linger(true, 0));  // a reset
    });
    const auto error = opened(peer.address());
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::unavailable) << error->what();
    EXPECT_TRUE(error->retryable());
  }
}

}  // namespace
}  // namespace omnibus::wire
