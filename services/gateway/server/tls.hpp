#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

namespace omnibus::gateway {

/// For HTTPS and WSS, TLS 1.2 and above; null when both are empty. PEM files: the certificate with its chain,
/// and its key without a passphrase. Errors: ConfigError, which names the flag, when one is missing, cannot
/// be read, or they do not belong together.
std::unique_ptr<boost::asio::ssl::context> make_tls(const std::string& certificate, const std::string& key);

}  // namespace omnibus::gateway
