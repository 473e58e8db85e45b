#include <algorithm>
#include <array>

#include <omnibus/detail/nearest.hpp>

#include "settings/parsing.hpp"

namespace omnibus {

std::string redacted(std::string_view url) {
  std::string result;
  const auto after_scheme = url.find("://");
  if (after_scheme == std::string_view::npos) return std::string(url);
  result = url.substr(0, after_scheme + 3);
  url.remove_prefix(after_scheme + 3);
  const auto query = url.find('?');
  auto place = url.substr(0, query);
  if (const auto at = place.substr(0, place.find('/')).rfind('@'); at != std::string_view::npos) {
    result += "***@";
    place.remove_prefix(at + 1);
  }
  result += place;
  if (query == std::string_view::npos) return result;
  url.remove_prefix(query);
  while (!url.empty()) {
    const auto end = url.find('&', 1);
    const auto part = url.substr(0, end);
    const auto equals = part.find('=');
    result += part.substr(0, equals);
    if (equals != std::string_view::npos) result += "=***";
    url.remove_prefix(end == std::string_view::npos ? url.size() : end);
  }
  return result;
}

namespace settings {

namespace {

struct Scheme {
  std::string_view backend, scheme, otherwise;
};

/// The first line of a backend gives its default URL.
constexpr std::array<Scheme, 12> schemes = {{
    {"embedded", "embedded", ""},
    {"pulsar", "pulsar", "pulsar://localhost:6650"},
    {"pulsar", "pulsar+ssl", ""},
    {"mqtt", "mqtt", ""},
    {"mqtt", "mqtts", ""},
    {"kafka", "kafka", "kafka://localhost:9092"},
    {"rabbitmq", "amqp", "amqp://localhost:5672"},
    {"rabbitmq", "amqps", ""},
    {"redis", "redis", "redis://localhost:6379"},
    {"redis", "rediss", ""},
    {"nats", "nats", "nats://localhost:4222"},
    {"nats", "nats+tls", ""},
}};

/// The backend a URL means; empty when its scheme is none of ours.
std::string_view backend_of(std::string_view url) {
  const auto scheme = url.substr(0, url.find("://"));
  const auto found = std::find_if(schemes.begin(), schemes.end(), [&](const Scheme& known) {
    return known.scheme == scheme && scheme.size() < url.size();
  });
  return found != schemes.end() ? found->backend : std::string_view();
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      result += c;
    } else {
      result += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return result;
}

const Given& at(const GivenMap& given, std::string_view name) {
  static const Given nothing;
  const auto found = given.find(name);
  return found != given.end() ? found->second : nothing;
}

/// How firmly the address of `backend` was told.
Source address_source(const GivenMap& given, std::string_view backend) {
  const auto told = [&](std::string_view name) {
    const auto& value = at(given, name);
    return value.told() ? value.source : Source::nowhere;
  };
  if (backend == "pulsar") return told("pulsar-host");
  if (backend == "mqtt") return std::max(told("mqtt-host"), told("mqtt-port"));
  return Source::nowhere;
}

std::string with_query(std::string url, std::string_view key, const Given& value) {
  if (!value.told()) return url;
  for (const char lead : {'?', '&'}) {
    if (url.find(lead + std::string(key) + "=") != std::string::npos) return url;
  }
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url.append(key) + "=" + percent_encoded(value.value());
}

/// Whether a URL says who connects, before its host or as a parameter.
bool has_user(const std::string& url) {
  return url.find('@') != std::string::npos || url.find("?user=") != std::string::npos ||
         url.find("&user=") != std::string::npos;
}

/// Errors: ConfigError when there is a password of nobody.
std::string with_login(std::string url, const GivenMap& given) {
  const auto& user = at(given, "mqtt-username");
  const auto& password = at(given, "mqtt-password");
  if (!user.told()) {
    if (password.source != Source::flag) return url;
    throw ConfigError("--mqtt-password: there is no user that it belongs to",
                      "give --mqtt-username (MQTT_USERNAME) too");
  }
  std::string login = percent_encoded(user.value());
  if (password.told()) login += ":" + percent_encoded(password.value());
  return url.insert(url.find("://") + 3, login + "@");
}

/// Credentials told apart from the URL, where the URL has none of its own.
std::string with_credentials(std::string url, const GivenMap& given) {
  const auto backend = backend_of(url);
  if (backend == "pulsar") {
    url = with_query(std::move(url), "token", at(given, "pulsar-api-key"));
    return with_query(std::move(url), "listener", at(given, "pulsar-listener"));
  }
  if (backend == "mqtt" && !has_user(url)) url = with_login(std::move(url), given);
  return url;
}

std::string address_of(std::string_view backend, const GivenMap& given, const Settings::About& about) {
  if (backend == "pulsar") {
    const auto& host = at(given, "pulsar-host").value();
    auto url = host.find("://") == std::string::npos ? "pulsar://" + host : host;
    if (backend_of(url) == "pulsar") return url;
    throw ConfigError("--pulsar-host: '" + redacted(host) + "' is no Pulsar URL",
                      "it looks like pulsar://host:6650 or pulsar+ssl://host:6651");
  }
  if (backend == "mqtt") {
    auto host = at(given, "mqtt-host").value();
    if (host.find(':') != std::string::npos && host.front() != '[') host = "[" + host + "]";
    return "mqtt://" + host + ":" + at(given, "mqtt-port").value();
  }
  if (backend == "embedded") {
    return about.default_url.starts_with("embedded:") ? about.default_url : "embedded://" + state_directory();
  }
  const auto found = std::find_if(schemes.begin(), schemes.end(),
                                  [&](const Scheme& known) { return known.backend == backend; });
  return std::string(found->otherwise);
}

[[noreturn]] void unknown_scheme(const std::string& url) {
  std::string known;
  std::vector<std::string> names;
  for (const auto& scheme : schemes) {
    known += (known.empty() ? "" : ", ") + std::string(scheme.scheme) + "://";
    names.emplace_back(scheme.scheme);
  }
  const auto scheme = url.substr(0, url.find("://"));
  const auto near = detail::nearest(scheme, names);
  throw ConfigError("--pubsub-url: '" + redacted(url) + "' starts with none of " + known,
                    !near.empty() ? "did you mean " + near + "://?" : "");
}

/// Whether the URL decides. Errors: ConfigError when what was told equally firmly says otherwise.
bool url_decides(const GivenMap& given) {
  const auto& url = at(given, "pubsub-url");
  if (!url.told()) return false;
  const auto backend = backend_of(url.value());
  if (backend.empty()) unknown_scheme(url.value());
  const auto& chosen = at(given, "pubsub-backend");
  if (chosen.told() && chosen.value() != backend) {
    if (chosen.source > url.source) return false;
    if (chosen.source == url.source) {
      throw ConfigError(
          "the URL " + redacted(url.value()) + " and the backend " + chosen.value() + " disagree",
          "give either --pubsub-url (PUBSUB_URL) or --pubsub-backend (PUBSUB_BACKEND)");
    }
  }
  const auto address = address_source(given, backend);
  if (address > url.source) return false;
  if (address == url.source) {
    const auto own = address_of(backend, given, {});
    const auto plain = url.value().substr(0, url.value().find('?'));
    if (plain != own && plain.find('@') == std::string::npos) {
      throw ConfigError(
          "the URL " + redacted(url.value()) + " and the address " + redacted(own) + " disagree",
          "give either --pubsub-url (PUBSUB_URL) or the backend's own flags");
    }
  }
  return true;
}

/// A flag for one backend's address while a variable chose another: refused rather than ignored.
void refuse_idle_address(const GivenMap& given, std::string_view backend, const std::string& variable) {
  for (const std::string_view other : {"pulsar", "mqtt"}) {
    if (other == backend || address_source(given, other) != Source::flag) continue;
    throw ConfigError(
        "--" + std::string(other) + "-host is of no use: " + variable + " chooses " + std::string(backend),
        "add --pubsub-backend " + std::string(other));
  }
}

}  // namespace

const std::vector<std::string>& known_backends() {
  static const std::vector<std::string> names = {"embedded", "pulsar", "mqtt", "kafka",
                                                 "rabbitmq", "redis",  "nats"};
  return names;
}

std::string resolve_url(const Settings::About& about, const GivenMap& given) {
  const auto& url = at(given, "pubsub-url");
  const auto& chosen = at(given, "pubsub-backend");
  if (url_decides(given)) {
    if (url.source == Source::variable && chosen.source != Source::flag) {
      refuse_idle_address(given, backend_of(url.value()), "PUBSUB_URL");
    }
    return with_credentials(url.value(), given);
  }
  if (chosen.source == Source::variable) refuse_idle_address(given, chosen.value(), "PUBSUB_BACKEND");
  std::string backend = chosen.value();
  if (!chosen.told()) {
    if (url.told()) {
      backend = backend_of(url.value());  // its own address flag beats the variable
    } else if (address_source(given, "pulsar") == Source::flag) {
      backend = "pulsar";
    } else if (address_source(given, "mqtt") == Source::flag) {
      backend = "mqtt";
    } else if (!about.default_url.empty()) {
      return with_credentials(about.default_url, given);
    }
  }
  return with_credentials(address_of(backend, given, about), given);
}

}  // namespace settings
}  // namespace omnibus
