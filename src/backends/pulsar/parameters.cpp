#include "backends/pulsar/parameters.hpp"

#include <charconv>
#include <fstream>
#include <iterator>

#include <omnibus/error.hpp>

namespace omnibus::pulsar {
namespace {

constexpr std::uint16_t plain_port = 6650, tls_port = 6651, admin_port = 8080, admin_tls_port = 8443;
constexpr std::string_view known_parameters =
    "token, token_file, listener, tls_ca, admin, batching, schema, transaction_timeout";

/// Reads a number of `ms`, `s` or `m`.
Duration parse_time(std::string_view parameter, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::int64_t longest = 1'000'000;
  if (error == std::errc{} && value > 0 && value <= longest) {
    if (unit == "ms") return std::chrono::milliseconds(value);
    if (unit == "s") return std::chrono::seconds(value);
    if (unit == "m") return std::chrono::minutes(value);
  }
  throw ConfigError("the parameter " + std::string(parameter) + " is \"" + std::string(text) + "\"",
                    "it is a time with its unit, for example 500ms, 10s or 5m");
}

std::vector<wire::Address> parse_brokers(std::string_view hosts, std::uint16_t port) {
  if (hosts.ends_with('/')) hosts.remove_suffix(1);
  auto brokers = wire::Address::parse_list(hosts, port);
  if (brokers.empty()) {
    throw ConfigError("the URL names no broker",
                      "it looks like pulsar://host:6650 or pulsar+ssl://host:6651");
  }
  return brokers;
}

/// Reads http://host:port or https://host:port.
void set_admin(Parameters& parameters, std::string_view text, const std::shared_ptr<const wire::Tls>& tls) {
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.starts_with("http://")) {
    parameters.admin = wire::Address::parse(text.substr(7), admin_port);
  } else if (text.starts_with("https://")) {
    parameters.admin = wire::Address::parse(text.substr(8), admin_tls_port);
    parameters.admin_tls = tls;
  } else {
    throw ConfigError("the parameter admin is \"" + std::string(text) + "\"",
                      "it looks like http://host:8080 or https://host:8443");
  }
}

}  // namespace

bool parse_switch(std::string_view option, std::string_view text) {
  if (text == "on" || text == "off") return text == "on";
  throw ConfigError("the option \"" + std::string(option) + "\" is \"" + std::string(text) + "\"",
                    "it is on or off");
}

bool parse_schema(std::string_view option, std::string_view text) {
  if (text == "json" || text == "bytes") return text == "json";
  throw ConfigError("the option \"" + std::string(option) + "\" is \"" + std::string(text) + "\"",
                    "it is json or bytes");
}

std::string Parameters::read_token() const {
  if (token_file.empty()) return token;
  std::ifstream file(token_file);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.empty()) {
    throw ConfigError("there is no token in the file " + token_file, "the parameter token_file names it");
  }
  return text;
}

Parameters parse_parameters(const driver::BackendConfig& config) {
  const bool secure = config.scheme == "pulsar+ssl";
  Parameters parameters;
  parameters.connect_timeout = config.connect_timeout;
  parameters.brokers = parse_brokers(config.rest, secure ? tls_port : plain_port);
  std::string ca_file, admin;
  for (const auto& [key, value] : config.parameters) {
    if (key == "token") {
      parameters.token = value;
    } else if (key == "token_file") {
      parameters.token_file = value;
    } else if (key == "listener") {
      parameters.listener = value;
    } else if (key == "tls_ca") {
      ca_file = value;
    } else if (key == "batching") {
      parameters.batching = parse_switch(key, value);
    } else if (key == "schema") {
      parameters.json_schema = parse_schema(key, value);
    } else if (key == "admin") {
      admin = value;
    } else if (key == "transaction_timeout") {
      parameters.transaction_timeout = parse_time(key, value);
    } else {
      throw ConfigError("unknown URL parameter \"" + key + "\" of a Pulsar broker",
                        "known are " + std::string(known_parameters));
    }
  }
  std::shared_ptr<const wire::Tls> tls;
  if (secure || admin.starts_with("https://")) tls = std::make_shared<const wire::Tls>(ca_file);
  if (secure) parameters.tls = tls;
  const auto& host = parameters.brokers.front().host;
  if (admin.empty()) {
    parameters.admin = {host, secure ? admin_tls_port : admin_port};
    parameters.admin_tls = tls;
  } else {
    set_admin(parameters, admin, tls);
  }
  parameters.read_token();  // a missing file is told at once
  return parameters;
}

}  // namespace omnibus::pulsar
