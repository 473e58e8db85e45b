#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <omnibus/driver.hpp>

#include "backends/mqtt/packet.hpp"
#include "wire/address.hpp"
#include "wire/tls.hpp"

namespace omnibus::mqtt {

/// What a URL says: `mqtt://[user:password@]host:1883` or `mqtts://…:8883`, several hosts separated by
/// commas. Parameters: user, password, password_file, version, tls_ca, tls_cert, tls_key, state, properties,
/// keep_alive, session_expiry, client_id_prefix.
struct Parameters {
  std::vector<wire::Address> brokers;    ///< tried in turn
  std::shared_ptr<const wire::Tls> tls;  ///< null: plain
  std::string user, password, password_file;
  std::optional<Version> version;  ///< none: 5, and 3.1.1 where the broker refuses that
  std::string state;               ///< folder of what must outlive this process; empty: none
  bool envelope = false;           ///< 3.1.1: properties travel in the payload
  std::chrono::seconds keep_alive{30};
  std::uint32_t session_expiry = 0xffffffff;  ///< seconds; the largest: never
  std::string client_id_prefix = "omnibus-";
  Duration connect_timeout;

  /// The password to present now; a file is read each time, so that it may be renewed. Errors: ConfigError.
  std::string read_password() const;
  bool has_password() const noexcept { return !password.empty() || !password_file.empty(); }
};

/// Errors: ConfigError naming the parameter.
Parameters parse_parameters(const driver::BackendConfig& config);

}  // namespace omnibus::mqtt
