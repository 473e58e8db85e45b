#include "services/gateway/server/tls.hpp"

#include <openssl/ssl.h>

#include <omnibus/error.hpp>

namespace omnibus::gateway {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

constexpr auto certificate_hint = "it takes a PEM file with the server's certificate, then its chain";
constexpr auto key_hint =
    "it takes a PEM file with the certificate's private "
    "key, without a passphrase";

[[noreturn]] void refuse(const std::string& what, const error_code& ec, const char* hint) {
  throw ConfigError(what + ": " + ec.message(), hint);
}

}  // namespace

std::unique_ptr<ssl::context> make_tls(const std::string& certificate, const std::string& key) {
  if (certificate.empty() && key.empty()) return nullptr;
  if (certificate.empty())
    throw ConfigError("--tls-key is given without --tls-certificate", certificate_hint);
  if (key.empty()) throw ConfigError("--tls-certificate is given without --tls-key", key_hint);
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code ec;
  // Else OpenSSL asks on the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
  context->use_certificate_chain_file(certificate, ec);
  if (ec) refuse("--tls-certificate: cannot use '" + certificate + "'", ec, certificate_hint);
  context->use_private_key_file(key, ssl::context::pem, ec);
  if (ec) refuse("--tls-key: cannot use '" + key + "' with '" + certificate + "'", ec, key_hint);
  return context;
}

}  // namespace omnibus::gateway
