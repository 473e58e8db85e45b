/// A client that says who it is, and servers that want to know.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <fstream>

#include "support/self_signed.hpp"
#include "wire/tests/peer.hpp"

namespace omnibus::wire {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ClientCertificate : public testing::Test {
 protected:
  ClientCertificate() { std::filesystem::create_directories(folder_); }
  ~ClientCertificate() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content) const {
    const auto path = (folder_ / name).string();
    std::ofstream(path) << content;
    return path;
  }

  /// A server that takes only clients of this authority; it sends a byte to those.
  auto demand(const Identity& authority) const {
    return [identity = server_, authority](tcp::socket& socket) {
      asio::ssl::context context(asio::ssl::context::tls_server);
      context.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
      context.use_certificate(asio::buffer(identity.certificate), asio::ssl::context::pem);
      context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
      context.add_certificate_authority(asio::buffer(authority.certificate));
      asio::ssl::stream<tcp::socket&> stream(socket, context);
      boost::system::error_code error;
      stream.handshake(asio::ssl::stream_base::server, error);
      if (!error) asio::write(stream, asio::buffer("y", 1), error);
      char byte = 0;
      socket.read_some(asio::buffer(&byte, 1), error);  // until the client goes
    };
  }

  std::shared_ptr<const Tls> tls(const std::string& certificate = {}, const std::string& key = {}) const {
    return std::make_shared<const Tls>(ca_, certificate, key);
  }

  /// What the server says or how the connection ends: with TLS 1.3 the refusal comes after the handshake.
  std::optional<Error> welcomed(const Address& address, const std::shared_ptr<const Tls>& tls) {
    Loop loop;
    std::promise<std::optional<Error>> ended;
    std::unique_ptr<Stream> stream;
    loop.post([&] {
      Stream::open(loop, {.address = address, .tls = tls},
                   [&](const Error* error, std::unique_ptr<Stream> made) {
                     if (error != nullptr) return ended.set_value(*error);
                     stream = std::move(made);
                     stream->start(
                         [&](std::string_view bytes) {
                           ended.set_value(std::nullopt);
                           return bytes.size();
                         },
                         [&](const Error& lost) { ended.set_value(lost); });
                   });
    });
    const auto result = ended.get_future().get();
    on<bool>(loop, [&] { return stream = nullptr, true; });
    return result;
  }

  std::string complaint(const std::string& certificate, const std::string& key) const {
    try {
      const Tls made(ca_, certificate, key);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("omnibus-client-certificate-" + std::to_string(::getpid()));
  const Identity server_ = make_identity(), client_ = make_identity();
  const std::string ca_ = (std::filesystem::create_directories(folder_), file("ca.pem", server_.certificate));
  const std::string certificate_ = file("client.pem", client_.certificate);
  const std::string key_ = file("client-key.pem", client_.key);
};

TEST_F(ClientCertificate, IsShownToAServerThatWantsIt) {
  Peer peer(demand(client_));
  const auto error = welcomed(peer.address(), tls(certificate_, key_));
  EXPECT_FALSE(error) << error->what();
}

TEST_F(ClientCertificate, LeadsToItsAuthorityThroughTheOthersInItsFile) {
  const auto root = make_identity(nullptr, "root", true), between = make_identity(&root, "between", true),
             leaf = make_identity(&between, "leaf");
  const auto key = file("leaf-key.pem", leaf.key);
  Peer peer(demand(root));
  const auto error =
      welcomed(peer.address(), tls(file("chain.pem", leaf.certificate + between.certificate), key));
  EXPECT_FALSE(error) << error->what();
  Peer strict(demand(root));
  EXPECT_TRUE(welcomed(strict.address(), tls(file("leaf.pem", leaf.certificate), key)));
}

TEST_F(ClientCertificate, MissingOrOfAnotherAuthorityItIsRefusedForGood) {
  for (const bool other : {false, true}) {
    Peer peer(demand(make_identity()));
    const auto error = welcomed(peer.address(), other ? tls(certificate_, key_) : tls());
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::authentication) << error->what();
    EXPECT_FALSE(error->retryable());
    EXPECT_THAT(error->what(), HasSubstr("refuses this client's certificate"));
  }
}

TEST_F(ClientCertificate, FilesThatAreOfNoUseAreNamed) {
  const auto gone = (folder_ / "gone.pem").string(), junk = file("junk.pem", "no certificate\n");
  EXPECT_THAT(complaint(gone, key_), AllOf(HasSubstr("client certificate"), HasSubstr(gone)));
  EXPECT_THAT(complaint(junk, key_), AllOf(HasSubstr("client certificate"), HasSubstr(junk)));
  EXPECT_THAT(complaint(certificate_, gone), AllOf(HasSubstr("cannot read the key"), HasSubstr(gone)));
  EXPECT_THAT(complaint(certificate_, junk), AllOf(HasSubstr("cannot read the key"), HasSubstr(junk)));
  EXPECT_EQ(complaint(certificate_, key_), "none");
}

TEST_F(ClientCertificate, KeyOfAnotherIsTold) {
  const auto other = file("other-key.pem", make_identity().key);
  EXPECT_THAT(complaint(certificate_, other),
              AllOf(HasSubstr(other), HasSubstr("does not belong to"), HasSubstr(certificate_)));
}

TEST_F(ClientCertificate, OneOfBothIsNotEnough) {
  EXPECT_THAT(complaint(certificate_, ""), AllOf(HasSubstr(certificate_), HasSubstr("no key")));
  EXPECT_THAT(complaint("", key_), AllOf(HasSubstr(key_), HasSubstr("no client certificate")));
}

TEST_F(ClientCertificate, EncryptedKeyIsToldAndNotAskedFor) {
  const auto key = from_pem(client_.key, PEM_read_bio_PrivateKey, &EVP_PKEY_free);
  unsigned char secret[] = "secret";
  const auto locked =
      file("locked-key.pem", pem([&](BIO* to) {
             PEM_write_bio_PKCS8PrivateKey(to, key.get(), EVP_aes_128_cbc(), reinterpret_cast<char*>(secret),
                                           6, nullptr, nullptr);
           }));
  EXPECT_THAT(complaint(certificate_, locked), AllOf(HasSubstr(locked), HasSubstr("encrypted")));
}

}  // namespace
}  // namespace omnibus::wire
