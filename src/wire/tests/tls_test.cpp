/// What TLS makes of peers of all kinds.

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <fstream>

#include "wire/tests/peer.hpp"

namespace omnibus::wire {
namespace {

/// A key and a certificate of 127.0.0.1 that it has signed itself, both as PEM.
struct Identity {
  std::string key, certificate;
};

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
  write(memory.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

Identity make_identity() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1,
                             0);
  X509_set_issuer_name(made.get(), name);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(made.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(made.get(), key.get(), EVP_sha256());
  return {
      pem([&](BIO* to) { PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }),
      pem([&](BIO* to) { PEM_write_bio_X509(to, made.get()); })};
}

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
