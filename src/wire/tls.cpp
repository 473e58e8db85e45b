#include "wire/tls.hpp"

#include <omnibus/error.hpp>

#include "wire/tls_state.hpp"

namespace omnibus::wire {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

void trust(ssl::context& context, const std::string& ca_file) {
  error_code error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(ca_file, error);
  }
  if (!error) return;
  throw ConfigError("cannot read the certificates of " + (ca_file.empty() ? "the system" : ca_file) + ": " +
                        error.message(),
                    "give a file of PEM certificates");
}

void identify(ssl::context& context, const std::string& certificate_file, const std::string& key_file) {
  if (certificate_file.empty() || key_file.empty()) {
    throw ConfigError(certificate_file.empty()
                          ? "there is the key " + key_file + " and no client certificate"
                          : "there is the client certificate " + certificate_file + " and no key",
                      "give both, as PEM files");
  }
  error_code error;
  context.use_certificate_chain_file(certificate_file, error);
  if (error) {
    throw ConfigError("cannot read the client certificate " + certificate_file + ": " + error.message(),
                      "give a file of PEM certificates, the client's own first");
  }
  // Without this OpenSSL asks the terminal.
  bool encrypted = false;
  context.set_password_callback([&encrypted](std::size_t, ssl::context::password_purpose) {
    encrypted = true;
    return std::string();
  });
  context.use_private_key_file(key_file, ssl::context::pem, error);
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
  if (!error) return;
  if (encrypted) {
    throw ConfigError("the key " + key_file + " is encrypted", "give one that is not, readable for few");
  }
  const auto reason = ERR_GET_REASON(static_cast<unsigned>(error.value()));
  if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
    throw ConfigError(
        "the key " + key_file + " does not belong to the client certificate " + certificate_file,
        "give the key that the certificate was made for");
  }
  throw ConfigError("cannot read the key " + key_file + ": " + error.message(),
                    "give a PEM file with one private key");
}

}  // namespace

Tls::Tls(const std::string& ca_file, const std::string& certificate_file, const std::string& key_file)
    : state_(std::make_unique<State>()) {
  auto& context = state_->context;
  context.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                      ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  context.set_verify_mode(ssl::verify_peer);
  trust(context, ca_file);
  if (!certificate_file.empty() || !key_file.empty()) identify(context, certificate_file, key_file);
}

Tls::~Tls() = default;

}  // namespace omnibus::wire
