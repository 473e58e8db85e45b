#pragma once

/// The insides of Tls, for the sources of this folder only: this header brings in Asio and OpenSSL.

#include <boost/asio/ssl/context.hpp>

#include "wire/tls.hpp"

namespace omnibus::wire {

struct Tls::State {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
};

}  // namespace omnibus::wire
