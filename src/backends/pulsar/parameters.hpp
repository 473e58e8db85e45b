#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibus/driver.hpp>

#include "wire/address.hpp"
#include "wire/tls.hpp"

namespace omnibus::pulsar {

/// What a URL says: `pulsar://host:6650` or `pulsar+ssl://host:6651`, several hosts separated by commas.
/// Parameters: token, token_file, listener, tls_ca, admin, batching, schema, transaction_timeout.
struct Parameters {
  std::vector<wire::Address> brokers;    ///< tried in turn
  std::shared_ptr<const wire::Tls> tls;  ///< null: plain
  std::string token, token_file;
  std::string listener;
  bool batching = false;     ///< of producers that do not say
  bool json_schema = false;  ///< register one for producers of structures that do not say
  wire::Address admin;
  std::shared_ptr<const wire::Tls> admin_tls;
  Duration connect_timeout;
  Duration transaction_timeout = std::chrono::seconds(60);  ///< the coordinator aborts what lasts longer
  Duration answer_time = std::chrono::seconds(30);          ///< for each request
  Duration alive_interval = std::chrono::seconds(20);       ///< of silence, before a broker is asked

  /// The token to present now; a file is read each time, so that it may be renewed. Errors: ConfigError.
  std::string read_token() const;
  bool has_token() const noexcept { return !token.empty() || !token_file.empty(); }
};

/// Reads on or off. Errors: ConfigError naming `option`.
bool parse_switch(std::string_view option, std::string_view text);

/// Reads json or bytes: whether a schema is registered. Errors: ConfigError naming `option`.
bool parse_schema(std::string_view option, std::string_view text);

/// Errors: ConfigError naming the parameter.
Parameters parse_parameters(const driver::BackendConfig& config);

}  // namespace omnibus::pulsar
