#include "wire/tls.hpp"

#include <omnibus/error.hpp>

#include "wire/tls_state.hpp"

namespace omnibus::wire {

Tls::Tls(const std::string& ca_file) : state_(std::make_unique<State>()) {
  namespace ssl = boost::asio::ssl;
  auto& context = state_->context;
  context.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                      ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  context.set_verify_mode(ssl::verify_peer);
  boost::system::error_code error;
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

Tls::~Tls() = default;

}  // namespace omnibus::wire
