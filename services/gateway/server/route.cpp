#include "services/gateway/server/route.hpp"

#include <algorithm>
#include <vector>

#include "core/text.hpp"

namespace omnibus::gateway {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Empty when a percent sign is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text, bool form) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += form && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

/// The path's parts, UTF-8; empty when it is malformed. "/a/b/" has a last empty part.
std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  if (path.empty() || path.front() != '/') return parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = path.substr(0, path.find('/'));
    auto part = percent_decoded(end, false);
    if (!part || !text::is_utf8(*part)) return {};
    parts.push_back(std::move(*part));
    path.remove_prefix(end.size());
  }
  return parts;
}

std::optional<std::string> query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (percent_decoded(pair.substr(0, equals), true) != key) continue;
    return percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true).value_or("");
  }
  return std::nullopt;
}

/// Turns the absolute form of a proxied request into a path.
std::string_view without_authority(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const auto slash = target.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

Route service_route(std::string_view method, std::optional<std::string> flow, std::string service) {
  if (method != "POST") return {.kind = Route::Kind::wrong_method, .allow = "POST"};
  return {.kind = Route::Kind::service, .flow = std::move(flow), .service = std::move(service)};
}

/// Passed on as it came, but for what would lead out of Prometheus's API.
Route metrics_route(std::string_view method, const std::vector<std::string>& parts, std::string_view target) {
  constexpr std::string_view prefix = "/api/metrics/";
  if (!target.starts_with(prefix) || std::find(parts.begin(), parts.end(), "..") != parts.end()) return {};
  if (method != "GET") return {.kind = Route::Kind::wrong_method, .allow = "GET"};
  return {.kind = Route::Kind::metrics, .service = std::string(target.substr(prefix.size()))};
}

Route core_route(CoreCall::Direction direction, std::string_view query) {
  return {.kind = Route::Kind::core,
          .core = {direction, query_value(query, "id"), query_value(query, "user")}};
}

Route flow_socket_route(std::string_view method, std::vector<std::string> parts, std::string_view query) {
  if (method != "GET") return {.kind = Route::Kind::wrong_method, .allow = "GET"};
  const bool import = parts[4] == "import";
  return {.kind = Route::Kind::flow_socket,
          .flow = std::move(parts[3]),
          .service = std::move(parts[5]),
          .direction = import ? FlowSocket::Direction::import : FlowSocket::Direction::export_,
          .token = query_value(query, "token").value_or("")};
}

Route page_route(std::string_view method, const PageFile& file) {
  if (method != "GET" && method != "HEAD") return {.kind = Route::Kind::wrong_method, .allow = "GET, HEAD"};
  return {.kind = Route::Kind::page, .file = &file};
}

}  // namespace

Route route(std::string_view method, std::string_view target) {
  target = without_authority(target.substr(0, target.find('#')));
  const auto path = target.substr(0, target.find('?'));
  if (const auto* file = find_page(path)) return page_route(method, *file);
  auto parts = path_parts(path);
  if (parts.size() >= 3 && parts[0] == "api" && parts[1] == "metrics")
    return metrics_route(method, parts, target);
  const auto query = target.substr(std::min(path.size() + 1, target.size()));
  if (parts.size() < 3 || parts[0] != "api" || parts[1] != "v1" || parts.back().empty()) return {};
  if (parts.size() == 3) {
    if (parts[2] == "socket" && method == "GET") {
      return {.kind = Route::Kind::socket, .token = query_value(query, "token").value_or("")};
    }
    if (parts[2] == "export-core" && method == "GET") return core_route(CoreCall::Direction::export_, query);
    if (parts[2] == "import-core" && method == "POST") return core_route(CoreCall::Direction::import, query);
    if (parts[2] == "health" && method == "GET") return {.kind = Route::Kind::health};
    if (parts[2] == "ready" && method == "GET") return {.kind = Route::Kind::ready};
    if (parts[2] == "status" && method == "GET") return {.kind = Route::Kind::status};
    return service_route(method, std::nullopt, std::move(parts[2]));
  }
  if (parts.size() != 6 || parts[2] != "flow" || parts[3].empty()) return {};
  if (parts[4] == "service") return service_route(method, std::move(parts[3]), std::move(parts[5]));
  if (parts[4] == "import" || parts[4] == "export") return flow_socket_route(method, std::move(parts), query);
  return {};
}

std::string_view route_name(const Route& where) noexcept {
  switch (where.kind) {
    case Route::Kind::service:
      return where.flow ? "flow-service" : "service";
    case Route::Kind::socket:
      return "socket";
    case Route::Kind::flow_socket:
      return where.direction == FlowSocket::Direction::import ? "import" : "export";
    case Route::Kind::core:
      return where.core.direction == CoreCall::Direction::import ? "import-core" : "export-core";
    case Route::Kind::metrics:
      return "metrics";
    case Route::Kind::health:
      return "health";
    case Route::Kind::ready:
      return "ready";
    case Route::Kind::status:
      return "status";
    case Route::Kind::page:
      return "page";
    case Route::Kind::wrong_method:
    case Route::Kind::not_found:
      break;
  }
  return "none";
}

bool token_matches(std::string_view token, std::string_view secret) noexcept {
  if (secret.empty()) return true;
  unsigned difference = token.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size(); ++i) {
    difference |= static_cast<unsigned char>(token[i] ^ secret[i % secret.size()]);
  }
  return difference == 0;
}

bool authorised(const std::string_view* header, std::string_view secret) {
  if (header == nullptr) return token_matches("", secret);
  const auto scheme = header->substr(0, header->find(' '));
  if (scheme != "Bearer") return false;
  auto token = header->substr(std::min(scheme.size() + 1, header->size()));
  token = token.substr(0, token.find(' '));
  return token_matches(token, secret);
}

}  // namespace omnibus::gateway
