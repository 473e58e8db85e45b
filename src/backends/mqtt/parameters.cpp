#include "backends/mqtt/parameters.hpp"

#include <charconv>
#include <fstream>
#include <iterator>

#include <omnibus/error.hpp>

#include "backends/mqtt/topic.hpp"

namespace omnibus::mqtt {
namespace {

constexpr std::uint16_t plain_port = 1883, tls_port = 8883;
constexpr std::string_view known_parameters =
    "user, password, password_file, version, tls_ca, tls_cert, tls_key, state, properties, keep_alive, "
    "session_expiry, client_id_prefix";

[[noreturn]] void bad_value(std::string_view parameter, std::string_view text, std::string_view expected) {
  throw ConfigError("the parameter " + std::string(parameter) + " is \"" + std::string(text) + "\"",
                    std::string(expected));
}

/// Reads a number of `s`, `m`, `h` or `d`, within what the protocol can say.
std::chrono::seconds parse_seconds(std::string_view parameter, std::string_view text, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const std::int64_t factor = unit == "s"   ? 1
                              : unit == "m" ? 60
                              : unit == "h" ? 3600
                              : unit == "d" ? 86400
                                            : 0;
  if (error != std::errc{} || factor == 0 || value <= 0 || value > most / factor) {
    bad_value(parameter, text,
              "it is a time with its unit, for example 30s, 5m, 2h or 7d, of at most " +
                  std::to_string(most) + " s");
  }
  return std::chrono::seconds(value * factor);
}

std::optional<Version> parse_version(std::string_view text) {
  if (text == "auto") return std::nullopt;
  if (text == "5") return Version::v5;
  if (text == "3.1.1") return Version::v311;
  bad_value("version", text, "it is 5, 3.1.1 or auto");
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const auto digits = text.substr(std::min(i + 1, text.size()), 2);
    if (text[i] == '%' && digits.size() == 2 &&
        std::from_chars(digits.data(), digits.data() + 2, value, 16).ptr == digits.data() + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Takes `user:password@` off the hosts.
void take_user(std::string_view& hosts, Parameters& parameters) {
  const auto at = hosts.rfind('@');
  if (at == std::string_view::npos) return;
  const auto both = hosts.substr(0, at);
  const auto colon = std::min(both.find(':'), both.size());
  parameters.user = percent_decoded(both.substr(0, colon));
  parameters.password = percent_decoded(both.substr(std::min(colon + 1, both.size())));
  hosts.remove_prefix(at + 1);
}

struct TlsFiles {
  std::string authority, certificate, key;
};

/// False for a parameter that is unknown.
bool set(Parameters& parameters, TlsFiles& files, const std::string& key, const std::string& value) {
  constexpr std::int64_t longest_keep_alive = 0xffff, longest_expiry = 0xfffffffe;
  if (key == "user") {
    parameters.user = value;
  } else if (key == "password") {
    parameters.password = value;
  } else if (key == "password_file") {
    parameters.password_file = value;
  } else if (key == "version") {
    parameters.version = parse_version(value);
  } else if (key == "tls_ca") {
    files.authority = value;
  } else if (key == "tls_cert") {
    files.certificate = value;
  } else if (key == "tls_key") {
    files.key = value;
  } else if (key == "state") {
    parameters.state = value;
  } else if (key == "properties") {
    if (value != "user" && value != "envelope") bad_value(key, value, "it is user or envelope");
    parameters.envelope = value == "envelope";
  } else if (key == "keep_alive") {
    parameters.keep_alive = parse_seconds(key, value, longest_keep_alive);
  } else if (key == "session_expiry") {
    if (value != "never") {
      parameters.session_expiry =
          static_cast<std::uint32_t>(parse_seconds(key, value, longest_expiry).count());
    }
  } else if (key == "client_id_prefix") {
    if (value != plain(value)) bad_value(key, value, "it holds only letters, digits, '.', '_' and '-'");
    parameters.client_id_prefix = value;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string Parameters::read_password() const {
  if (password_file.empty()) return password;
  std::ifstream file(password_file);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) {
    throw ConfigError("there is no password in the file " + password_file,
                      "the parameter password_file names it");
  }
  return text;
}

Parameters parse_parameters(const driver::BackendConfig& config) {
  const bool secure = config.scheme == "mqtts";
  Parameters parameters;
  parameters.connect_timeout = config.connect_timeout;
  std::string_view hosts = config.rest;
  if (hosts.ends_with('/')) hosts.remove_suffix(1);
  take_user(hosts, parameters);
  parameters.brokers = wire::Address::parse_list(hosts, secure ? tls_port : plain_port);
  if (parameters.brokers.empty()) {
    throw ConfigError("the URL names no broker", "it looks like mqtt://host:1883 or mqtts://host:8883");
  }
  TlsFiles files;
  for (const auto& [key, value] : config.parameters) {
    if (set(parameters, files, key, value)) continue;
    throw ConfigError("unknown URL parameter \"" + key + "\" of an MQTT broker",
                      "known are " + std::string(known_parameters));
  }
  if (secure) {
    parameters.tls = std::make_shared<const wire::Tls>(files.authority);
  } else if (!files.authority.empty() || !files.certificate.empty() || !files.key.empty()) {
    throw ConfigError("tls_ca, tls_cert and tls_key need TLS", "the URL begins with mqtts://");
  }
  if (parameters.has_password() && parameters.user.empty()) {
    throw ConfigError("there is a password and no user", "give user= in the URL, or --mqtt-username");
  }
  parameters.read_password();  // a missing file is told at once
  return parameters;
}

}  // namespace omnibus::mqtt
