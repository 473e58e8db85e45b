#include "gateway_bench/plan.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "gateway_bench/memory.hpp"

namespace omnibus::app::gateway_bench {

namespace {

constexpr std::size_t most_clients = 1'000'000;

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_url(const std::string& url) {
  throw ConfigError("--url '" + url + "' is no address of a gateway",
                    "it takes http://HOST[:PORT], for example http://127.0.0.1:8088");
}

/// http://HOST[:PORT], an IPv6 address in brackets.
Target target_of(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  std::string_view rest = url;
  if (!rest.starts_with(scheme)) refuse_url(url);
  rest.remove_prefix(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto bracket = rest.starts_with('[') ? rest.find(']') : std::size_t{0};
  if (bracket == std::string_view::npos) refuse_url(url);
  const auto colon = rest.find(':', bracket);
  auto host = rest.substr(0, colon);
  if (bracket > 0) host = host.substr(1, host.size() - 2);
  const auto port = colon == std::string_view::npos ? std::string_view("80") : rest.substr(colon + 1);
  const auto number = number_of(port);
  constexpr std::size_t last_port = 65535;
  if (host.empty() || host.find_first_of("/?#@") != std::string_view::npos || !number || *number == 0 ||
      *number > last_port) {
    refuse_url(url);
  }
  return {.url = url, .host = std::string(host), .port = std::string(port), .service = {}};
}

std::vector<std::size_t> connections_of(const std::string& text) {
  std::vector<std::size_t> result;
  std::string_view rest = text;
  while (true) {
    const auto part = rest.substr(0, rest.find(','));
    const auto value = number_of(part);
    if (!value || *value == 0 || *value > most_clients) {
      throw ConfigError("--connections '" + text + "': '" + std::string(part) + "' is not between 1 and " +
                            std::to_string(most_clients),
                        "for example --connections 64 or --connections 1,64,1000");
    }
    result.push_back(*value);
    if (part.size() == rest.size()) return result;
    rest.remove_prefix(part.size() + 1);
  }
}

std::size_t count(const Settings& settings, std::string_view flag, std::int64_t least) {
  const auto value = settings.integer(flag);
  if (value >= least && value <= std::int64_t{most_clients}) return static_cast<std::size_t>(value);
  throw ConfigError(
      fmt::format("--{}: {} is not between {} and {}", flag, value, least, std::int64_t{most_clients}));
}

std::string json_of(std::string_view flag, const std::string& text) {
  boost::system::error_code ec;
  const auto value = boost::json::parse(text, ec);
  if (ec || !value.is_object()) {
    throw ConfigError("--" + std::string(flag) + " is no JSON object" + (ec ? ": " + ec.message() : ""));
  }
  return text;
}

std::optional<pid_t> server_of(const Settings& settings) {
  const auto given = settings.integer("server-pid");
  if (given == 0) return std::nullopt;
  const auto pid = static_cast<pid_t>(given);
  if (given < 0 || pid != given || !resident_bytes(pid)) {
    throw ConfigError("--server-pid " + std::to_string(given) + ": there is no such process");
  }
  return pid;
}

}  // namespace

std::string_view to_string(Protocol protocol) noexcept {
  return protocol == Protocol::http ? "http" : "websocket";
}

Plan plan_of(const Settings& settings) {
  Plan plan;
  plan.target = target_of(settings.text("url"));
  plan.target.service = settings.text("service");
  plan.target.flow = settings.text("flow");
  plan.target.token = settings.text("api-token");
  const auto name_ok = [](const std::string& name) {
    return name.find_first_of("/?#% \"\\\r\n") == std::string::npos;
  };
  if (plan.target.service.empty() || !name_ok(plan.target.service)) {
    throw ConfigError("--service '" + plan.target.service + "' is no name of a service");
  }
  if (!name_ok(plan.target.flow)) throw ConfigError("--flow '" + plan.target.flow + "' is no name of a flow");
  const auto protocol = settings.text("protocol");
  if (protocol != "websocket") plan.protocols.push_back(Protocol::http);
  if (protocol != "http") plan.protocols.push_back(Protocol::websocket);
  plan.connections = connections_of(settings.text("connections"));
  plan.time = settings.duration("seconds");
  if (plan.time <= Duration::zero()) throw ConfigError("--seconds takes more than 0");
  const auto requests = settings.integer("requests");
  if (requests < 0) throw ConfigError("--requests takes 0 or more, not " + std::to_string(requests));
  plan.requests = static_cast<std::uint64_t>(requests);
  plan.body = json_of("body", settings.text("body"));
  plan.idle = count(settings, "idle", 0);
  plan.slow_readers = count(settings, "slow-readers", 0);
  plan.slow_body = json_of("slow-body", settings.maybe("slow-body").value_or(plan.body));
  plan.slow_requests = count(settings, "slow-requests", 1);
  plan.server = server_of(settings);
  plan.patience = settings.duration("patience");
  if (plan.patience <= Duration::zero()) throw ConfigError("--patience takes more than 0");
  return plan;
}

}  // namespace omnibus::app::gateway_bench
