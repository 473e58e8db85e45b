#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include <omnibus/settings.hpp>

#include "services/http/client.hpp"

namespace omnibus::http {

/// Where a model's server is.
struct Address {
  std::string url;                              ///< base of the requests' paths
  std::string key = {};                         ///< empty: none is shown
  std::string ca_file = {};                     ///< PEM certificates to trust; empty: the system's
  Duration timeout = std::chrono::minutes(10);  ///< how long it may be silent
  std::string flag = "--url";                   ///< that gave the URL; errors name it
};

/// An endpoint that takes and answers JSON. Limits: an answer of 64 MiB. Threads: any; each call holds its
/// caller until it has ended.
class Endpoint {
 public:
  /// Errors: ConfigError when the URL is no HTTP URL, or the key cannot stand in a header.
  explicit Endpoint(Address address);

  /// The body of the answer to `body`, posted to the path. Errors: TooManyRequests for 429;
  /// Error{unavailable} with the server's words for any status but 200; those of Client; ProtocolError when
  /// it is too long.
  std::string post(std::string_view path, std::string body, const std::stop_token& stop);

  /// Takes some bytes of the body. What it throws ends the call.
  using Bytes = std::function<void(std::string_view bytes)>;
  /// The same as it comes; `bytes` runs on the calling thread.
  void post(std::string_view path, std::string body, const Bytes& bytes, const std::stop_token& stop);

 private:
  const Address address_;
  Client client_;
};

/// `--url`, `--api-key`, `--ca-file` and `--model-timeout`, which all services of OpenAI's endpoints share.
Flags openai_flags(Flags flags, std::string timeout);
/// What they say. Errors: ConfigError when there is no key.
Address openai_address(const Settings& settings);
/// Whether they give the key that such a service needs.
bool has_key(const Settings& settings);

}  // namespace omnibus::http
